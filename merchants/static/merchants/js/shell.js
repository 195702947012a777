/* The frame's behaviour: cards that fail, menus, theme, shortcuts, and the few Alpine components of the site.
   Everything works without it except what it adds; nothing here evaluates text (strict content policy). */
(() => {
  "use strict";
  const root = document.documentElement;
  const here = document.currentScript;

  /* Alpine comes only where a page, or what htmx brought, has a component. */
  let isAlpineAsked = false;
  const bringAlpine = () => {
    if (isAlpineAsked || !document.querySelector("[x-data]")) return;
    isAlpineAsked = true;
    const script = document.createElement("script");
    script.src = here.dataset.alpine;
    document.head.append(script);
  };
  addEventListener("load", bringAlpine);
  document.addEventListener("htmx:load", bringAlpine);

  /* Cards: a request that never reached the server, or took too long, becomes the card's error state. */
  const showCardError = (event) => {
    const slot = event.target.closest("[data-card]");
    const template = document.getElementById("card-unreachable");
    if (!slot || !template) return;
    slot.replaceChildren(template.content.cloneNode(true));
    const retry = slot.querySelector("[data-retry]");
    retry.setAttribute("hx-get", slot.getAttribute("hx-get"));
    htmx.process(slot);
  };
  ["htmx:sendError", "htmx:timeout", "htmx:sendAbort"].forEach((name) => document.addEventListener(name, showCardError));
  document.addEventListener("htmx:beforeRequest", (event) => event.target.closest("[data-card]")?.setAttribute("aria-busy", "true"));
  document.addEventListener("htmx:afterRequest", (event) => event.target.closest("[data-card]")?.removeAttribute("aria-busy"));
  document.addEventListener("click", (event) => {
    const cancel = event.target.closest("[data-cancel]");
    if (cancel) htmx.trigger(cancel.closest("[data-card]"), "htmx:abort");
  });

  /* Menus: one open at a time; Escape and a click elsewhere close it. */
  const openMenus = () => document.querySelectorAll("details.menu[open]");
  document.addEventListener("click", (event) => {
    openMenus().forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    openMenus().forEach((menu) => { menu.open = false; menu.querySelector("summary").focus(); });
  });

  /* Theme: the cookie is what the server reads; here the page follows at once. */
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-theme-form]");
    if (!form) return;
    event.preventDefault();
    const theme = event.submitter.value;
    if (theme) root.dataset.theme = theme; else delete root.dataset.theme;
    document.cookie = `ttok_theme=${theme}; path=/; max-age=${theme ? 31536000 : 0}; samesite=lax`;
    form.querySelectorAll("button").forEach((button) => button.setAttribute("aria-pressed", String(button === event.submitter)));
    document.dispatchEvent(new CustomEvent("themechange"));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new CustomEvent("themechange")));

  /* Questions before what cannot be taken back. */
  document.addEventListener("submit", (event) => {
    const question = event.submitter?.dataset.confirm || event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
  });

  /* A control with data-submit sends its form as soon as it changes. */
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  });

  /* Keyboard: g and a letter goes to a place, / to the search field, ? shows the list. */
  let isGoing = false;
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, select, textarea, [contenteditable]");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isGoing) {
      isGoing = false;
      const link = document.querySelector(`[data-shortcut="${CSS.escape(event.key)}"]`);
      if (link) { event.preventDefault(); location.assign(link.href); }
      return;
    }
    if (event.key === "g") { isGoing = true; setTimeout(() => { isGoing = false; }, 1200); }
    else if (event.key === "?") document.getElementById("shortcuts")?.showModal();
    else if (event.key === "/") {
      const field = document.querySelector("main input[type=search]");
      if (field) { event.preventDefault(); field.focus(); }
    } else {
      const control = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
      if (control) { event.preventDefault(); control.click(); }
    }
  });
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
    const closer = event.target.closest("[data-close]");
    if (closer) closer.closest("dialog")?.close();
    if (event.target.closest("[data-print]")) window.print();
  });

  document.addEventListener("alpine:init", () => {
    /* Copies the text of its [x-ref=text] and says so. */
    Alpine.data("copier", () => ({
      isCopied: false,
      async copy() {
        await navigator.clipboard.writeText(this.$refs.text.value ?? this.$refs.text.textContent.trim());
        this.isCopied = true;
        setTimeout(() => { this.isCopied = false; }, 2000);
      },
    }));
    /* A place to drop files on: hands them to its file field and sends the form. */
    Alpine.data("dropzone", () => ({
      isOver: false,
      get look() { return this.isOver ? "drop over" : "drop"; },
      over() { this.isOver = true; },
      leave() { this.isOver = false; },
      drop(event) {
        this.isOver = false;
        this.$refs.files.files = event.dataTransfer.files;
        this.send();
      },
      send() { if (this.$refs.files.files.length) this.$refs.files.form.requestSubmit(); },
    }));
  });
})();
