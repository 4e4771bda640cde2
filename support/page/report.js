// Filters, search with its results, links into folded cases, copies of commands, sorted tables, figures as files.
// The page is complete without this script, but for the files.
"use strict";
(() => {
  const form = document.getElementById("filters");
  const shown = document.getElementById("shown");
  const results = document.getElementById("results");
  const mostResults = 12;
  let settled = false;
  const facets = ["paper", "kind", "verdict", "scale"];
  const named = (attribute) =>
    new Map([...document.querySelectorAll(`[${attribute}]`)].map((one) => [one.getAttribute(attribute), one]));
  const sections = named("data-section");
  const rows = named("data-row");
  const claims = [...document.querySelectorAll("tr[data-claim]")].map((row) => {
    const places = [row, sections.get(row.dataset.claim), rows.get(row.dataset.claim)].filter(Boolean);
    const cases = sections.get(row.dataset.claim)?.querySelectorAll("[data-case]") ?? [];
    return { row, places, cases: [...cases], combinations: row.dataset.cases.split(" "), text: null };
  });
  // A claim none of whose cases ran has no section: they are counted whole.
  const count = (claim) => Number(claim.row.dataset.count);
  const total = claims.reduce((sum, claim) => sum + count(claim), 0);

  function asked() {
    const fields = new FormData(form);
    const words = fields.get("q").toLowerCase().split(/\s+/).filter(Boolean);
    return { words, ...Object.fromEntries(facets.map((name) => [name, fields.get(name)])) };
  }

  function fits(combination, { verdict, scale }) {
    const [key, at = form.dataset.scale] = combination.split("/");
    return (!verdict || key === verdict) && (!scale || at === scale);
  }

  function matches(claim, wanted) {
    const { paper, kind } = claim.row.dataset;
    if ((wanted.paper && paper !== wanted.paper) || (wanted.kind && kind !== wanted.kind)) return false;
    if (!claim.combinations.some((one) => fits(one, wanted))) return false;
    claim.text ??= claim.places.map((place) => place.textContent).join(" ").toLowerCase();
    return wanted.words.every((word) => claim.text.includes(word));
  }

  function apply() {
    const wanted = asked();
    let left = 0;
    let cases = 0;
    const found = [];
    for (const claim of claims) {
      const kept = matches(claim, wanted);
      left += kept;
      if (kept && wanted.words.length) found.push(claim.row);
      for (const place of claim.places) place.hidden = !kept;
      if (kept && !claim.cases.length) cases += count(claim);
      for (const one of claim.cases) {
        one.hidden = !fits(one.dataset.case, wanted);
        cases += kept && !one.hidden;
      }
    }
    for (const reading of document.querySelectorAll(".reading")) {
      reading.hidden = !reading.querySelector("[data-case]:not([hidden])");
    }
    for (const paper of document.querySelectorAll(".paper-claims")) {
      paper.hidden = !paper.querySelector("[data-section]:not([hidden])");
    }
    const named = (row) => wanted.words.every((word) => row.textContent.toLowerCase().includes(word));
    list([...found.filter(named), ...found.filter((row) => !named(row))]);
    shown.value = `${left} of ${claims.length} claims, ${cases} of ${total} cases`;
  }

  // What the search finds, beside the field: names of claims that lead to them.
  function list(rows) {
    results.replaceChildren(
      ...rows.slice(0, mostResults).map((row) => {
        const link = document.createElement("a");
        link.href = row.querySelector("a").getAttribute("href");
        link.textContent = `${row.dataset.claim} ${row.cells[1].textContent}`;
        const item = document.createElement("li");
        item.append(link);
        return item;
      }),
    );
    if (rows.length > mostResults) results.append(`and ${rows.length - mostResults} more`);
  }

  function remember() {
    const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    try {
      history.replaceState(null, "", `${query.size ? `?${query}` : location.pathname}${location.hash}`);
    } catch {
      // Some browsers refuse it to pages on disk; the filters work all the same.
    }
  }

  function recall() {
    const query = new URLSearchParams(location.search);
    for (const name of ["q", ...facets]) form.elements[name].value = query.get(name) ?? "";
    // A value that a list does not offer leaves it with none.
    for (const name of facets) form.elements[name].value ||= "";
  }

  function follow() {
    const target = document.getElementById(location.hash.slice(1));
    if (!target) return;
    if (target.closest("[hidden]")) {
      form.reset();
      remember();
      apply();
    }
    for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    target.scrollIntoView();
  }

  form.hidden = false;
  form.querySelector("details").open = matchMedia("(min-width: 72rem)").matches || Boolean(location.search);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => (remember(), apply()));
  form.addEventListener("reset", () => setTimeout(() => (remember(), apply())));
  addEventListener("hashchange", follow);
  addEventListener("popstate", () => (recall(), apply()));
  for (const one of document.querySelectorAll("details.case")) {
    // An opened case is what the address names.
    one.addEventListener("toggle", () => {
      const body = one.querySelector(".body");
      if (!one.open || !settled) return;
      try {
        history.replaceState(null, "", `#${body.id}`);
      } catch {
        // As above.
      }
    });
  }

  for (const command of document.querySelectorAll(".check code")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(command.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(command);
        button.textContent = "Selected";
      }
    });
    command.after(button);
  }

  // The number that a cell begins with, as it is set here: −0.5, 1.2×10⁻⁸, [0.19, 0.24], ∞, 1,000; else not a number.
  function amount(text) {
    const exponent = (digits) => digits.replace("⁻", "-").replace(/[⁰¹²³⁴-⁹]/g, (one) => "⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(one));
    const plain = text
      .replace(/[−–](?=[.\d∞])/g, "-")
      .replace(/(\d),(?=\d{3}(?!\d))/g, "$1")
      .replace(/×10([⁻⁰¹²³⁴-⁹]+)/, (_, digits) => `e${exponent(digits)}`)
      .replace(/^([[(+-]*)10([⁻⁰¹²³⁴-⁹]+)/, (_, before, digits) => `${before}1e${exponent(digits)}`);
    const found = /^[[(]?([+-]?(?:∞|(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?))/.exec(plain);
    return found ? Number(found[1].replace("∞", "Infinity")) : NaN;
  }

  // Tables sort by their headers: up, down, and with a third click as they stood. Cells without a value stay last.
  const collator = new Intl.Collator("en", { numeric: true });
  const empty = (text) => /^[—–-]?$/.test(text);
  function sort(body, rows, column, direction) {
    const texts = new Map(rows.map((row) => [row, row.cells[column].textContent.trim()]));
    const values = [...texts.values()].filter((text) => !empty(text));
    const numbers = values.every((text) => !Number.isNaN(amount(text)));
    const order = ([, one], [, other]) => {
      if (empty(one) || empty(other)) return empty(one) - empty(other);
      if (!numbers) return direction * collator.compare(one, other);
      const [low, high] = [amount(one), amount(other)];
      return direction * ((low > high) - (low < high));
    };
    body.append(...(direction ? [...texts].sort(order).map(([row]) => row) : rows));
  }

  for (const table of document.querySelectorAll("table")) {
    const [body] = table.tBodies;
    const rows = [...body.rows];
    const headers = [...table.tHead.rows[0].cells];
    for (const [column, header] of headers.entries()) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...header.childNodes);
      header.append(button);
      button.addEventListener("click", () => {
        const next = { ascending: "descending", descending: null }[header.ariaSort];
        for (const one of headers) one.ariaSort = null;
        header.ariaSort = next === undefined ? "ascending" : next;
        sort(body, rows, column, { ascending: 1, descending: -1 }[header.ariaSort] ?? 0);
      });
    }
  }

  for (const button of document.querySelectorAll("[data-save]")) {
    button.parentElement.hidden = false;
    button.addEventListener("click", () => {
      const figure = button.closest("[data-name]");
      const kind = button.dataset.save;
      const [text, type] = kind === "csv" ? [table(figure), "text/csv"] : [drawing(figure), "image/svg+xml"];
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([text], { type }));
      link.download = `${figure.dataset.name.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-|-$/g, "")}.${kind}`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  }

  // A row for each point of each line; a text is in quotes, and never begins as a formula of a spreadsheet does.
  function table(figure) {
    const quoted = (text) => `"${text.trim().replace(/^[=+@-]/, "'$&").replaceAll('"', '""')}"`;
    const lines = ["panel,line,x,mean,standard deviation"];
    for (const panel of figure.querySelectorAll(".panel")) {
      const name = quoted(panel.querySelector(".panel-name").textContent);
      for (const item of panel.querySelectorAll("li[data-mean]")) {
        const { mean, sd, x = item.parentElement.dataset.x } = item.dataset;
        const columns = [x, mean, sd ?? ""].map((column) => column.split(" "));
        columns[0].forEach((place, row) => {
          lines.push([name, quoted(item.textContent), place, columns[1][row], columns[2][row] ?? ""].join(","));
        });
      }
    }
    return `${lines.join("\n")}\n`;
  }

  // All panels side by side with their legends, in the page's own style.
  function drawing(figure) {
    const xmlns = figure.querySelector("svg").namespaceURI;
    const made = (name, attributes, text = "") => {
      const one = document.createElementNS(xmlns, name);
      for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
      one.textContent = text;
      return one;
    };
    const [width, head, row] = [330, 24, 14];
    const whole = made("svg", { "font-family": "sans-serif" });
    whole.append(made("style", {}, document.querySelector("style").textContent));
    whole.append(made("rect", { width: "100%", height: "100%", fill: "var(--card)" }));
    let tallest = 0;
    [...figure.querySelectorAll(".panel")].forEach((panel, place) => {
      const group = made("g", { transform: `translate(${place * width} 0)`, class: "drawn" });
      group.append(made("text", { x: 46, y: 16, "font-weight": "bold" }, panel.querySelector(".panel-name").textContent));
      const drawn = panel.querySelector("svg").cloneNode(true);
      const [, , across, down] = drawn.getAttribute("viewBox").split(" ").map(Number);
      const scale = drawn.classList.contains("map") ? 7 : 1;
      drawn.setAttribute("y", head);
      drawn.setAttribute("width", across * scale);
      drawn.setAttribute("height", down * scale);
      group.append(drawn);
      let bottom = head + down * scale + row;
      for (const item of panel.querySelectorAll("li")) {
        const line = made("g", { transform: `translate(46 ${bottom})` });
        const sample = item.querySelector("use");
        const source = sample ? document.querySelector(sample.getAttribute("href")) : item.querySelector("path");
        line.append(source.cloneNode(true), made("text", { x: 32, y: 8 }, item.textContent.trim()));
        group.append(line);
        bottom += row;
      }
      tallest = Math.max(tallest, bottom + row);
      whole.append(group);
    });
    const all = figure.querySelectorAll(".panel").length * width;
    for (const [key, value] of Object.entries({ width: all, height: tallest, viewBox: `0 0 ${all} ${tallest}` })) {
      whole.setAttribute(key, value);
    }
    return new XMLSerializer().serializeToString(whole);
  }

  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const fold of folded) fold.open = true;
  });
  addEventListener("afterprint", () => folded.forEach((fold) => (fold.open = false)));
  recall();
  apply();
  follow();
  setTimeout(() => (settled = true));
})();
