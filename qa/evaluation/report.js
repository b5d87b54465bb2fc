"use strict";
// The cases of the page: filtered, sorted, and each one's details made when it is opened.
// What articles and questions say becomes text nodes and nothing else.
(() => {
  const { cases, passages, causes } = JSON.parse(document.getElementById("data").textContent);
  const FACETS = {
    verdict: (one) => [one.verdict],
    cause: (one) => (one.cause ? [one.cause] : []),
    tag: (one) => one.tags,
    source: (one) => [one.source],
    answerable: (one) => [one.answerable],
  };
  const outcomes = [...causes, "undecided", "right"];
  const COLUMNS = {
    outcome: (one) => outcomes.indexOf(one.cause || one.verdict),
    question: (one) => one.question.toLowerCase(),
    source: (one) => one.source,
    confidence: (one) => one.confidence,
    seconds: (one) => one.seconds,
  };
  const AT_ONCE = 100; // rows made before the first paint; the others follow
  const find = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const table = find("table.cases");
  const tools = find("form.tools");
  const rows = new Map();
  let state = {};
  let turn = 0;

  // What the page is made of.

  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name === "class") element.className = value;
      else if (value !== null) element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null && child !== ""));
    return element;
  }

  const time = (seconds) =>
    seconds >= 1 ? `${seconds.toFixed(2)} s` : `${(seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0)} ms`;
  const address = (id) => `#${new URLSearchParams({ case: id })}`;
  const part = (name, ...content) => [make("h3", { class: "part" }, name), ...content];
  const pairs = (values) =>
    make("dl", { class: "pairs" }, ...Object.entries(values).map(([name, value]) =>
      make("div", {}, make("dt", {}, name), make("dd", {}, value))));

  function rowOf(one) {
    if (!rows.has(one)) {
      const number = cases.indexOf(one);
      const button = make("button",
        { type: "button", "aria-expanded": "false", "aria-controls": `case-${number}` }, one.question);
      const cell = (name, ...content) => make("td", { role: "cell", class: name }, ...content);
      const row = make("tr", { role: "row", class: "case", "data-id": one.id },
        cell("outcome", make("span",
          { class: "swatch", "data-kind": one.cause || one.verdict, "aria-hidden": "true" }),
          one.cause || one.verdict),
        cell("asks", button),
        cell("meta", one.tags.join(", ")),
        cell("meta", one.source),
        cell("num", one.confidence.toFixed(2)),
        cell("num", time(one.seconds)));
      row.addEventListener("click", (event) => {
        const selecting = String(getSelection()) && event.target !== button;
        if (!selecting) open(one, !rows.get(one).opened);
      });
      rows.set(one, { row, button, number, opened: false, detail: null });
    }
    return rows.get(one);
  }

  function open(one, opened) {
    const made = rowOf(one);
    made.opened = opened;
    made.detail ??= make("tr", { role: "row", class: "detail", id: `case-${made.number}` },
      make("td", { role: "cell", colspan: "6" }, inside(one, made.number)));
    made.button.setAttribute("aria-expanded", String(opened));
    made.row.classList.toggle("open", opened);
    if (opened) made.row.after(made.detail);
    else made.detail.remove();
    state.case = opened ? one.id : "";
    keep();
  }

  // A case, opened.

  function inside(one, number) {
    const quotes = one.abstained ? one.near : one.citations;
    return make("div", { class: "inside" },
      make("div", {},
        ...asked(one),
        ...part("Expected", ...expected(one)),
        ...part(`Answer, with confidence ${one.confidence.toFixed(2)}`, answer(one, number)),
        ...(quotes.length
          ? part(one.abstained ? "Related, but not an answer" : "Citations", quoted(quotes, one, number))
          : part("Citations", make("p", { class: "muted" }, "None."))),
        ...(one.sentences.length ? [sentences(one)] : []),
        ...(Object.keys(one.judge).length ? part("The judge’s verdict", pairs(one.judge)) : [])),
      make("div", {}, ...part("Retrieved passages, best first", ...retrieved(one))),
      make("div", { class: "wide" },
        ...part("Scores", pairs(one.scores)),
        ...part("Times", pairs(one.timings)),
        make("p", { class: "key" }, make("a", { href: address(one.id) }, `Link to case ${one.id}`))));
  }

  function asked(one) {
    const turns = one.history.map(([role, text]) =>
      make("p", { class: "turn" }, make("b", {}, `${role}: `), text));
    return [
      ...(turns.length ? part("Asked before", ...turns) : []),
      ...(one.asked ? part("Understood as", make("p", {}, one.asked)) : []),
    ];
  }

  function expected(one) {
    const facts = one.facts.map((fact) =>
      make("li", { class: fact.said ? "said" : "" }, fact.wordings.join(" / "),
        make("span", { class: "muted" }, fact.said ? " · in the answer" : " · not in the answer")));
    const unknown = one.answerable === "undecided" ? "Nobody has decided whether the articles say it." : "";
    return [
      make("p", { class: "prose" }, one.reference || unknown || "No answer by a person."),
      one.reference && unknown ? make("p", { class: "muted" }, unknown) : null,
      facts.length ? make("ul", { class: "facts" }, ...facts) : null,
    ];
  }

  function answer(one, number) {
    const known = new Set(one.citations.map((quote) => quote.number));
    const pieces = one.text.split(/(\[\d+\])/).map((piece) => {
      const marked = /^\[\d+\]$/.test(piece) ? Number(piece.slice(1, -1)) : null;
      return known.has(marked) ? marker(marked, number) : piece;
    });
    return make("p", { class: one.abstained ? "prose abstained" : "prose" }, ...pieces);
  }

  function marker(citation, number) {
    const made = make("a", { class: "marker", href: `#quote-${number}-${citation}` }, `[${citation}]`);
    made.addEventListener("click", (event) => {
      event.preventDefault(); // the address keeps the filter
      document.getElementById(`quote-${number}-${citation}`)?.focus();
    });
    return made;
  }

  function quoted(quotes, one, number) {
    return make("ol", { class: "quotes" }, ...quotes.map((quote) =>
      make("li", { id: `quote-${number}-${quote.number}`, tabindex: "-1" },
        one.abstained ? "" : make("span", { class: "number" }, `[${quote.number}]`),
        make("span", {}, `“${quote.quote}”`),
        make("span", { class: "place" },
          [quote.title, quote.date, quote.article].filter(Boolean).join(" · ")))));
  }

  function sentences(one) {
    const marks = (said) => said.citations.map((citation) => `[${citation}]`).join("") || "no citation";
    return make("details", { class: "defs" },
      make("summary", {}, "Sentence by sentence, with its support"),
      make("ul", { class: "quotes" }, ...one.sentences.map((said) =>
        make("li", {}, said.text,
          make("span", { class: "place" }, `${marks(said)} · support ${said.support.toFixed(2)}`)))));
  }

  function retrieved(one) {
    if (!one.passages.length) return [make("p", { class: "muted" }, "None.")];
    const list = one.passages.map((hit, rank) => {
      const passage = passages[hit.number];
      const tags = [];
      if (hit.marks.some((mark) => mark.supports)) tags.push("supports");
      if (hit.marks.some((mark) => mark.numbers.length)) tags.push("quoted");
      return make("li", {}, make("details", tags.length || rank === 0 ? { open: "" } : {},
        make("summary", {},
          make("span", { class: "score", title: "score" }, hit.score.toFixed(3)),
          `${rank + 1}. `, [passage.title, passage.heading].filter(Boolean).join(" · "),
          ...tags.map((tag) => make("span", { class: "tag" }, tag))),
        make("p", { class: "prose" }, ...marked(passage.text, hit.marks)),
        make("p", { class: "key" }, passage.article)));
    });
    return [
      make("p", { class: "key" }, make("mark", { class: "supports" }, "Shaded"),
        ": supports the expected answer. ", make("mark", { class: "quoted" }, "Underlined"),
        one.abstained ? ": shown as related." : ": quoted in the answer."),
      make("ol", { class: "passages" }, ...list),
    ];
  }

  function marked(text, marks) {
    const characters = [...text]; // offsets count characters, JavaScript's own strings do not
    const cut = (start, end) => characters.slice(start, end).join("");
    let done = 0;
    const pieces = marks.flatMap((mark) => {
      const before = cut(done, mark.start);
      done = mark.end;
      const name = [mark.supports ? "supports" : "", mark.numbers.length ? "quoted" : ""];
      return [before, make("mark", { class: name.join(" ").trim() }, cut(mark.start, mark.end))];
    });
    return [...pieces, cut(done)];
  }

  // Which cases are shown.

  const words = (one) => (one.words ??= [
    one.id, one.question, one.asked, one.reference, one.text, ...one.tags, one.cause,
    ...[...one.citations, ...one.near].flatMap((quote) => [quote.quote, quote.title, quote.article]),
  ].join("\n").toLowerCase());

  function passes(one, but) {
    const sought = (state.q || "").toLowerCase().split(/\s+/).filter(Boolean);
    return sought.every((word) => words(one).includes(word)) &&
      Object.entries(FACETS).every(([name, values]) =>
        name === but || !state[name] || values(one).includes(state[name]));
  }

  function sorted(shown) {
    const [column, down] = (state.sort || "").split(" ");
    const value = COLUMNS[column];
    if (!value) return shown;
    const order = (left, right) => (value(left) < value(right) ? -1 : value(left) > value(right) ? 1 : 0);
    return [...shown].sort((left, right) => (down ? order(right, left) : order(left, right)));
  }

  function show() {
    const shown = sorted(cases.filter((one) => passes(one)));
    const body = find("tbody", table);
    const mine = ++turn;
    const nodes = (some) => some.flatMap((one) => {
      const made = rowOf(one);
      return made.opened ? [made.row, made.detail] : [made.row];
    });
    let done = AT_ONCE;
    body.replaceChildren(...nodes(shown.slice(0, done)));
    const more = () => {
      if (mine !== turn || done >= shown.length) return; // a later filter has taken over
      body.append(...nodes(shown.slice(done, (done += AT_ONCE))));
      setTimeout(more);
    };
    requestAnimationFrame(() => setTimeout(more));
    find(".status").value = `${shown.length.toLocaleString("en")} of ${cases.length.toLocaleString("en")} cases`;
    find(".empty").hidden = shown.length > 0;
    for (const name of Object.keys(FACETS)) count(name);
    for (const element of all("[data-facet]")) {
      element.setAttribute("aria-pressed", String(state[element.dataset.facet] === element.dataset.value));
    }
    for (const head of all("th[data-column]", table)) {
      const [column, down] = (state.sort || "").split(" ");
      if (head.dataset.column && head.dataset.column === column) {
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
      } else head.removeAttribute("aria-sort");
    }
  }

  // How many cases each choice of a filter would leave, given the other filters.
  function count(name) {
    const counts = new Map();
    for (const one of cases) for (const value of FACETS[name](one)) counts.set(value, 0);
    const rest = cases.filter((one) => passes(one, name));
    for (const one of rest) {
      for (const value of FACETS[name](one)) counts.set(value, counts.get(value) + 1);
    }
    const order = name === "cause" ? causes.filter((cause) => counts.has(cause)) : [...counts.keys()].sort();
    const select = tools.elements[name];
    select.replaceChildren(make("option", { value: "" }, `all (${rest.length})`),
      ...order.map((value) => make("option", { value }, `${value} (${counts.get(value)})`)));
    select.value = state[name] || "";
    select.closest("label").hidden = order.length < 2 && !state[name];
  }

  // The address keeps the filter, so that it can be sent to somebody.

  function keep() {
    const set = Object.entries(state).filter(([, value]) => value);
    history.replaceState(null, "", `#${new URLSearchParams(set)}`);
  }

  function read() {
    const address = new URLSearchParams(location.hash.slice(1));
    const names = ["q", ...Object.keys(FACETS), "sort", "case"];
    state = Object.fromEntries(names.map((name) => [name, address.get(name) || ""]));
    for (const name of Object.keys(FACETS)) {
      if (state[name] && !cases.some((one) => FACETS[name](one).includes(state[name]))) state[name] = "";
    }
    tools.elements.q.value = state.q;
    show();
    const wanted = cases.find((one) => one.id === state.case);
    if (wanted) {
      const made = rowOf(wanted);
      if (!made.row.isConnected) find("tbody", table).prepend(made.row); // its turn has not come yet
      open(wanted, true);
      made.row.scrollIntoView({ block: "start" });
      made.button.focus({ preventScroll: true });
    }
  }

  function change(name, value) {
    state[name] = value;
    keep();
    show();
  }

  // What the reader does.

  let waiting = 0;
  tools.elements.q.addEventListener("input", (event) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => change("q", event.target.value.trim()), 120);
  });
  for (const name of Object.keys(FACETS)) {
    tools.elements[name].addEventListener("change", (event) => change(name, event.target.value));
  }
  tools.addEventListener("submit", (event) => event.preventDefault());
  tools.addEventListener("reset", () => {
    clearTimeout(waiting);
    state = { sort: state.sort };
    keep();
    show();
  });
  for (const button of all("[data-sort]", table)) {
    button.addEventListener("click", () => {
      const column = button.dataset.sort;
      const next = { "": column, [column]: `${column} down`, [`${column} down`]: "" };
      change("sort", next[state.sort] ?? column);
    });
  }
  for (const element of all("[data-facet]")) {
    element.addEventListener("click", () => {
      const { facet, value } = element.dataset;
      const chosen = state[facet] !== value;
      Object.assign(state, { verdict: "", cause: "" });
      change(facet, chosen ? value : "");
      if (chosen) document.getElementById("cases").scrollIntoView();
    });
  }
  for (const link of all("a[data-case]")) link.href = address(link.dataset.case);
  for (const choice of all("[name=theme]")) {
    choice.addEventListener("change", () => { document.documentElement.dataset.theme = choice.value; });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") document.body.classList.add("quiet"); // hides what a figure means
  });
  for (const event of ["focusin", "pointerover"]) {
    document.addEventListener(event, () => document.body.classList.remove("quiet"));
  }
  addEventListener("beforeprint", () => all("details.defs").forEach((fold) => { fold.open = true; }));
  addEventListener("hashchange", read);

  for (const element of [table, tools, find(".theme")]) element.hidden = false;
  read();
})();
