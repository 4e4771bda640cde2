// Filters, search and links into folded cases. The page is complete without this script.
"use strict";
(() => {
  const form = document.getElementById("filters");
  const shown = document.getElementById("shown");
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
  const total = document.querySelectorAll("[data-case]").length;

  function asked() {
    const fields = new FormData(form);
    const words = fields.get("q").toLowerCase().split(/\s+/).filter(Boolean);
    return { words, ...Object.fromEntries(facets.map((name) => [name, fields.get(name)])) };
  }

  function fits(combination, { verdict, scale }) {
    const [key, at] = combination.split("/");
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
    for (const claim of claims) {
      const kept = matches(claim, wanted);
      left += kept;
      for (const place of claim.places) place.hidden = !kept;
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
    shown.value = `${left} of ${claims.length} claims, ${cases} of ${total} cases`;
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
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => (remember(), apply()));
  form.addEventListener("reset", () => setTimeout(() => (remember(), apply())));
  addEventListener("hashchange", follow);
  addEventListener("popstate", () => (recall(), apply()));
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const fold of folded) fold.open = true;
  });
  addEventListener("afterprint", () => folded.forEach((fold) => (fold.open = false)));
  recall();
  apply();
  follow();
})();
