"use strict";
// Sorting, filtering, the way from a finding to its rows, and zooming into modules. Without a script the page still reads in full.
(() => {
  const sizes = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

  const figure = (text) => {
    const value = parseFloat(text.replace(/[,!]/g, "").replace("−", "-"));
    return Number.isNaN(value) ? null : value * (sizes[text.slice(-3)] ?? 1);
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

  function zoomable(flame) {
    const field = flame.querySelector(".boxes");
    const boxes = [...field.children];
    const depths = boxes.map((box) => Number(box.dataset.depth));
    const whole = flame.querySelector(".whole");
    const told = flame.querySelector("output");

    // Boxes stand before those in them, as in a walk through the tree.
    const outer = (at) => depths.findLastIndex((depth, place) => place < at && depth < depths[at]);
    const inner = (at) => {
      const end = depths.findIndex((depth, place) => place > at && depth <= depths[at]);
      return end < 0 ? boxes.length : end;
    };

    function tell(at) {
      told.textContent = boxes[at].title;
    }

    function zoom(at) {
      const shown = new Set();
      for (let place = at; place >= 0; place = outer(place)) shown.add(place);
      const end = at < 0 ? boxes.length : inner(at);
      for (let place = Math.max(at, 0); place < end; place++) shown.add(place);
      boxes.forEach((box, place) => (box.hidden = !shown.has(place)));
      field.style.setProperty("--from", at < 0 ? 0 : boxes[at].style.getPropertyValue("--x"));
      field.style.setProperty("--wide", at < 0 ? 1 : boxes[at].style.getPropertyValue("--w"));
      whole.hidden = at < 0;
      if (at < 0) told.textContent = "Click a module to zoom to it; arrow keys move, Escape shows all.";
      else tell(at);
    }

    function focus(at) {
      for (const box of boxes) box.tabIndex = -1;
      boxes[at].tabIndex = 0;
      boxes[at].focus();
    }

    function beside(at, step) {
      let place = at + step;
      while (boxes[place] && (boxes[place].hidden || depths[place] !== depths[at])) place += step;
      return place;
    }

    const ways = {
      ArrowUp: outer,
      ArrowDown: (at) => (depths[at + 1] > depths[at] && !boxes[at + 1].hidden ? at + 1 : -1),
      ArrowLeft: (at) => beside(at, -1),
      ArrowRight: (at) => beside(at, 1),
    };
    flame.addEventListener("keydown", (event) => {
      const at = boxes.indexOf(document.activeElement);
      if (event.key === "Escape") {
        zoom(-1);
        focus(Math.max(at, 0));
      } else if (at >= 0 && ways[event.key]) {
        event.preventDefault();
        const next = ways[event.key](at);
        if (boxes[next]) focus(next);
      }
    });
    boxes.forEach((box, at) => {
      box.addEventListener("click", () => {
        focus(at);
        zoom(at);
      });
      box.addEventListener("focus", () => tell(at));
    });
    whole.addEventListener("click", () => {
      zoom(-1);
      focus(0);
    });
    zoom(-1);
  }
  for (const flame of document.querySelectorAll(".flame")) zoomable(flame);

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
