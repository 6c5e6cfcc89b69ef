"use strict";

// Rows stand in the board's order until a head is pressed: numbers fall, then rise; texts rise, then fall; and as before.
const collator = new Intl.Collator("en", { numeric: true });
const numbers = { none: "descending", descending: "ascending", ascending: "none" };
const texts = { none: "ascending", ascending: "descending", descending: "none" };

function compare(one, other, column, sign) {
  const [a, b] = [one, other].map((row) => row.cells[column]);
  if (a.dataset.value === undefined) return sign * collator.compare(a.textContent, b.textContent);
  const [x, y] = [a, b].map((cell) => cell.dataset.value);
  if (x === "" || y === "") return (x === "") - (y === "");  // what is not there stands last, either way
  return sign * (x - y);
}

for (const table of document.querySelectorAll("table")) {
  const [body, heads] = [table.tBodies[0], [...table.tHead.rows[0].cells]];
  const first = [...body.rows];
  for (const head of heads.filter((cell) => cell.querySelector("button"))) {
    head.querySelector("button").addEventListener("click", () => {
      const order = (head.classList.contains("left") ? texts : numbers)[head.ariaSort];
      for (const cell of heads.filter((cell) => cell.hasAttribute("aria-sort"))) cell.ariaSort = "none";
      head.ariaSort = order;
      const sign = order === "ascending" ? 1 : -1;
      const rows = order === "none" ? first : first.toSorted((a, b) => compare(a, b, head.cellIndex, sign));
      body.append(...rows);
    });
  }
}

// What says in data-* that it is of another task, model and so on than the chosen one is hidden.
const form = document.querySelector("form");

function filter() {
  const chosen = [...form.querySelectorAll("select")].filter((one) => !("all" in one.selectedOptions[0].dataset));
  const fits = (element) => chosen.every(({ name, value }) => (element.dataset[name] ?? value) === value);
  for (const element of document.querySelectorAll("section, tbody tr")) element.hidden = !fits(element);
  const rows = [...document.querySelectorAll("#scores tbody tr")];
  form.querySelector("[role=status]").textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} rows`;
}

if (form) {
  form.hidden = false;
  form.addEventListener("change", filter);
  form.addEventListener("reset", () => setTimeout(filter));  // after the browser has reset it
  filter();
}
