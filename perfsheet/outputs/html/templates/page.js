"use strict";
// Sorting, filtering, and the way from a finding to its rows. Without a script the page still reads in full.
(() => {
  const figure = (text) => {
    const value = parseFloat(text.replace(/[,!]/g, "").replace("−", "-"));
    return Number.isNaN(value) ? null : value;
  };

  const compare = (numeric) => (a, b) => {
    if (!numeric) return a.key.localeCompare(b.key);
    // Unknown figures come last, whichever way the rest is sorted.
    if (a.key === null || b.key === null) return (a.key === null) - (b.key === null);
    return a.key - b.key;
  };

  function sort(table, head) {
    const column = [...head.parentNode.children].indexOf(head);
    const numeric = head.classList.contains("n");
    const was = head.getAttribute("aria-sort");
    const down = was === null ? numeric : was === "ascending";
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => {
      const text = row.cells[column].textContent;
      return { row, key: numeric ? figure(text) : text };
    });
    const order = compare(numeric);
    const sign = down ? -1 : 1;
    rows.sort((a, b) => (a.key === null || b.key === null ? order(a, b) : sign * order(a, b)));
    for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    body.append(...rows.map((one) => one.row));
  }

  for (const table of document.querySelectorAll("table.sortable")) {
    for (const head of table.tHead.rows[0].cells) {
      head.firstElementChild.addEventListener("click", () => sort(table, head));
    }
  }

  const filters = document.querySelector(".filters");
  if (!filters) return;
  const table = document.getElementById(filters.dataset.table);
  const keys = [...table.tHead.rows[0].cells].map((head) => head.dataset.key);
  const [findings, kernel] = [keys.indexOf("finding_ids"), keys.indexOf("kernel_duration_ns")];
  const search = filters.querySelector("input");
  const [category, flag] = filters.querySelectorAll("select");
  const chip = filters.querySelector(".finding-chip");
  const told = filters.querySelector("output");
  const rows = [...table.tBodies[0].rows].map((row) => ({
    row,
    text: row.textContent.toLowerCase(),
    flags: row.dataset.f.split(" "),
    findings: row.cells[findings].textContent.split(", "),
    kernel: figure(row.cells[kernel].textContent),
  }));
  let finding = "";

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    let sum = 0;
    for (const one of rows) {
      const fits =
        words.every((word) => one.text.includes(word)) &&
        (!category.value || one.row.dataset.c === category.value) &&
        (!flag.value || one.flags.includes(flag.value)) &&
        (!finding || one.findings.includes(finding));
      one.row.hidden = !fits;
      if (fits) {
        shown += 1;
        sum += one.kernel ?? 0;
      }
    }
    chip.hidden = !finding;
    chip.textContent = finding ? `rows of ${finding} ✕` : "";
    const total = sum.toLocaleString("en-US", { maximumFractionDigits: 3 });
    told.textContent = `${shown.toLocaleString("en-US")} of ${rows.length.toLocaleString("en-US")} ops, ${total} ns`;
  }

  search.addEventListener("input", filter);
  category.addEventListener("change", filter);
  flag.addEventListener("change", filter);
  chip.addEventListener("click", () => {
    finding = "";
    filter();
  });
  for (const link of document.querySelectorAll("a.rows")) {
    link.addEventListener("click", () => {
      finding = link.dataset.finding;
      search.value = category.value = flag.value = "";
      filter();
    });
  }
  filter();
})();
