// The console's own script: what was recorded is told to the page, due times count down, an idle screen is locked.
(() => {
  "use strict";
  const body = document.body;

  if (body.dataset.live) {
    // Lists show what was recorded by the time that it is told of. A board looks at once, a page every five seconds.
    const pause = document.querySelector("[data-at-once]") ? 500 : 5000;
    let waiting = false, last = 0, lost = false, told = null;
    const look = () => {
      if (waiting) return;
      waiting = true;
      setTimeout(() => {
        waiting = false;
        last = Date.now();
        body.dispatchEvent(new CustomEvent("grown"));
      }, Math.max(0, last + pause - Date.now()));
    };
    const listen = () => {
      told = new EventSource(body.dataset.live);
      told.addEventListener("grown", look);
      // Whatever was recorded while the connection was lost, nobody has told of.
      told.addEventListener("error", () => { lost = true; });
      told.addEventListener("open", () => { if (lost) look(); lost = false; });
      // Newer tabs have taken its place; it takes theirs once somebody looks at it.
      told.addEventListener("over", () => { told.close(); told = null; lost = true; });
    };
    listen();
    document.addEventListener("visibilitychange", () => { if (!told && !document.hidden) listen(); });
    addEventListener("online", look);
  }

  // A board is told what has changed: a card takes its place in its column, what is over goes.
  const settle = () => {
    const news = document.getElementById("news"), template = news && news.querySelector("template");
    if (!template) return;
    const cards = [...template.content.children], ids = new Set(cards.map((card) => card.id));
    const isOver = (card) => "whole" in news.dataset && !ids.has(card.id);
    for (const id of news.dataset.gone.split(" ")) document.getElementById(`handoff-${id}`)?.remove();
    for (const card of document.querySelectorAll(".j-card")) if (isOver(card)) card.remove();
    for (const card of cards) {
      const old = document.getElementById(card.id), hadFocus = old?.contains(document.activeElement);
      old?.remove();
      const column = document.getElementById(card.dataset.column);
      const later = [...column.querySelectorAll(".j-card")].find((each) => each.dataset.place > card.dataset.place);
      column.insertBefore(card, later ?? column.querySelector(".j-none"));
      if (hadFocus) card.querySelector("a").focus();
    }
    for (const column of document.querySelectorAll(".j-column")) {
      column.querySelector(".j-count").textContent = column.querySelectorAll(".j-card").length;
    }
    template.remove();
  };
  body.addEventListener("htmx:after:swap", settle);

  const span = (ms) => {
    const minutes = Math.floor(Math.abs(ms) / 60000);
    const days = Math.floor(minutes / 1440), hours = Math.floor((minutes % 1440) / 60);
    if (days) return `${days} d${hours ? ` ${hours} h` : ""}`;
    return hours ? `${hours} h ${String(minutes % 60).padStart(2, "0")} min` : `${minutes} min`;
  };
  const count = () => {
    for (const each of document.querySelectorAll("time[data-due]")) {
      const left = Date.parse(each.dateTime) - Date.now();
      each.textContent = left >= 0 ? `in ${span(left)}` : `${span(left)} overdue`;
    }
  };
  setInterval(count, 30000);

  for (const button of document.querySelectorAll("button[data-play]")) {
    // The slider goes on by itself, from its beginning where it is at its end, until it is there or touched.
    const slider = document.getElementById(button.dataset.play), named = button.firstChild;
    let going = null;
    const stop = () => { clearInterval(going); going = null; named.data = "Play"; };
    const move = (place) => {
      slider.value = place;
      slider.dispatchEvent(new Event("change", { bubbles: true }));
      if (slider.value === slider.max) stop();
    };
    button.hidden = false;
    button.addEventListener("click", () => {
      if (going) return stop();
      named.data = "Stop";
      going = setInterval(() => move(Number(slider.value) + 1), 1500);
      if (slider.value === slider.max) move(0);
    });
    slider.addEventListener("pointerdown", stop);
  }

  // A double click sends a form once.
  addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("hx-post")) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    setTimeout(() => { delete form.dataset.sent; }, 2000);
  });

  // What reads otherwise than it is recorded is marked while it is corrected.
  for (const form of document.querySelectorAll("form[data-was]")) {
    const was = JSON.parse(form.dataset.was), plain = (said) => said.map((each) => each.replace(/\r\n/g, "\n"));
    form.addEventListener("input", () => {
      const said = new FormData(form);
      for (const mark of form.querySelectorAll(".j-changed")) {
        const now = plain(said.getAll(mark.dataset.of)), before = plain(was[mark.dataset.of] ?? []);
        mark.hidden = (now.join("\0") || "") === (before.join("\0") || "");
      }
    });
  }

  // What is being typed goes to the server when the screen is locked, sealed for whoever typed it.
  let typing = null;
  addEventListener("input", (event) => {
    const form = event.target.form;
    if (form && form.getAttribute("method") === "post" && form.closest("main")) typing = form;
  });
  const lock = () => {
    if (!typing || !typing.isConnected) return location.assign("/console/locked");
    const sent = document.createElement("form");
    sent.method = "post";
    sent.action = "/console/locked";
    const told = {
      page: location.pathname + location.search,
      action: new URL(typing.getAttribute("action") || location.href, location.href).pathname,
      said: new URLSearchParams(new FormData(typing)).toString(),
    };
    for (const [name, value] of Object.entries(told)) {
      const field = sent.appendChild(document.createElement("input"));
      field.type = "hidden";
      field.name = name;
      field.value = value;
    }
    body.append(sent);
    sent.submit();
  };
  body.addEventListener("over", lock);

  // … and stands in its form again once they are back.
  const kept = document.getElementById("kept");
  if (kept) {
    const sent = kept.querySelector("form"), said = [...new FormData(sent)].filter(([name]) => name !== "csrf");
    const named = (form, name) => [...form.elements].filter((each) => each.name === name);
    const fits = (form) => form !== sent && form.getAttribute("method") === "post"
      && said.every(([name, value]) => named(form, name).some((each) => name !== "do" || each.value === value));
    const form = [...document.querySelectorAll("main form")].find(fits);
    if (form) {
      const names = new Set(said.map(([name]) => name));
      for (const name of names) {
        const values = said.filter(([each]) => each === name).map(([, value]) => value);
        named(form, name).forEach((field, at) => {
          if (["checkbox", "radio"].includes(field.type)) field.checked = values.includes(field.value);
          else if (field.tagName !== "BUTTON") field.value = values[at] ?? "";
          if (field.value && field.type !== "hidden") field.closest("details")?.setAttribute("open", "");
        });
      }
      form.closest("details")?.setAttribute("open", "");
      typing = form;
      sent.remove();
      kept.querySelector("dl").remove();
      kept.querySelector("[hidden]").hidden = false;
      form.scrollIntoView();
    }
  }

  if (body.dataset.idle) {
    const limit = Number(body.dataset.idle) * 60000;
    let last = Date.now(), told = last;
    const used = () => {
      last = Date.now();
      if (last - told < 30000) return;
      told = last;
      // It is over where somebody signed out in another tab.
      fetch("/console/used", { method: "POST" }).then((answer) => { if (answer.status === 403) lock(); });
    };
    for (const each of ["pointerdown", "keydown", "scroll"]) addEventListener(each, used, { passive: true });
    setInterval(() => { if (Date.now() - last > limit) lock(); }, 5000);
  }
})();
