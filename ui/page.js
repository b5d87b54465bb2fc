// Runs once for each part of the page. `element`, `trigger` and `watch` are Gradio's.
// It passes on what people do and moves the view; it never makes HTML of anything.
const page = (window.cited ??= { origin: null, theme: null });
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";

const say = (button, word) => {
  const before = button.getAttribute("aria-label") ?? "";
  button.dataset.said = word;
  button.setAttribute("aria-label", word);
  setTimeout(() => {
    delete button.dataset.said;
    button.setAttribute("aria-label", before);
  }, 1500);
};

const copy = async (button, text) => {
  await navigator.clipboard.writeText(text);
  say(button, "Copied");
};

const spoken = (exchange) => {
  const answer = exchange.querySelector(".answer").cloneNode(true);
  answer.querySelectorAll(".chip").forEach((chip) => chip.replaceWith(` [${chip.textContent}]`));
  answer.querySelectorAll(".unsupported").forEach((mark) => mark.replaceWith("[unsupported]"));
  return [...answer.querySelectorAll("p, h4, li")]
    .map((part) => part.textContent.replaceAll("\u2060", "").trim())
    .filter(Boolean)
    .join("\n");
};

const dark = (on) => {
  document.body.classList.toggle("dark", on);
  page.theme = on ? "dark" : "light";
  try {
    localStorage.setItem("cited_theme", page.theme);
  } catch {
    // Where nothing may be stored, the choice lasts as long as the page.
  }
};

const own = {
  copy: (button) => copy(button, spoken(button.closest(".exchange"))),
  share: (link) => copy(link, new URL(link.getAttribute("href"), location.href).href),
  theme: () => dark(!document.body.classList.contains("dark")),
};

element.addEventListener("click", (event) => {
  const target = event.target.closest("[data-do]");
  if (!target || target.tagName === "FORM" || event.ctrlKey || event.metaKey || event.shiftKey) {
    return;
  }
  event.preventDefault();
  const { do: action, sure, ...data } = target.dataset;
  if (sure) {
    target.textContent = sure;
    delete target.dataset.sure;
  } else if (own[action]) {
    own[action](target);
  } else {
    if (action === "select" && data.number) {
      page.origin?.removeAttribute("aria-current");
      target.setAttribute("aria-current", "true");
      page.origin = target;
      page.opening = true;
    }
    if (action === "undo") page.returning = true;
    if (action === "click") page.opening = true;
    trigger(action, data);
    if (action === "edit") document.querySelector("#composer textarea").focus();
  }
});

element.addEventListener("submit", (event) => {
  event.preventDefault();
  const { do: action, live, ...data } = event.target.dataset;
  trigger(action, { ...data, ...Object.fromEntries(new FormData(event.target)) });
  event.target.closest("details")?.removeAttribute("open");
});

element.addEventListener("change", (event) => event.target.closest("form[data-live]")?.requestSubmit());

element.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  element.querySelector(".leave")?.click();
  element.querySelector("details.menu[open]")?.removeAttribute("open");
});

const arrive = () => {
  const reading = element.querySelector(".reading");
  if (reading && page.opening) {
    page.opening = false;
    reading.querySelector("h2").focus({ preventScroll: true });
    const mark = reading.querySelector("mark");
    (mark ?? reading).scrollIntoView({ block: mark ? "center" : "start", behavior: calm });
  }
  if (!reading && page.returning) {
    page.returning = false;
    page.origin?.removeAttribute("aria-current");
    const origin = page.origin?.isConnected ? page.origin : element.querySelector("button");
    origin?.scrollIntoView({ block: "nearest" });
    origin?.focus({ preventScroll: true });
  }
};

const remember = () => {
  const shown = element.querySelector("[data-conversation]");
  if (!shown) return;
  const address = new URL(location.href);
  const name = shown.dataset.conversation;
  const asked = address.searchParams.get("q");
  if (name) {
    ["q", "article", "start", "end"].forEach((key) => address.searchParams.delete(key));
    address.searchParams.set("c", name);
  } else if (!asked) {
    address.searchParams.delete("c");
  }
  if (address.href !== location.href) history.replaceState(history.state, "", address);
};

let newest = "";
const follow = () => {
  const exchange = element.querySelector(".exchange");
  const key = exchange?.dataset.key ?? "";
  if (key !== newest && exchange) exchange.scrollIntoView({ block: "start", behavior: calm });
  newest = key;
};

const id = element.closest("[id]:not([id^='html-'])")?.id ?? "";
if (id === "brand") {
  try {
    const chosen = localStorage.getItem("cited_theme");
    if (chosen) dark(chosen === "dark");
  } catch {
    // As above.
  }
}
watch("value", () => {
  // What was chosen and could not be had: the page shows again what is the case.
  if (id === "status") element.querySelector("form")?.reset();
  if (id === "live") {
    remember();
    follow();
  }
  if (id === "panel" || id === "reader") arrive();
});
