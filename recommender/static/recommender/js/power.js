/* Asks how many units the form's experiment needs, as it stands in the fields; nothing is saved. */
(() => {
  "use strict";
  const url = document.currentScript.dataset.url;
  const names = ["design", "primary_metric", "planned_effect", "planned_days", "slice_seconds"];
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-power]");
    if (!button) return;
    const answer = document.querySelector("[data-power-answer]");
    const asked = new URLSearchParams(names.map((name) => [name, document.getElementById(`id_${name}`)?.value ?? ""]));
    const arms = [...document.querySelectorAll("[id^=id_arms-][id$=-name]")].filter((field) => field.value);
    asked.set("n_arms", String(Math.max(2, arms.length)));
    button.disabled = true;
    answer.textContent = "…";
    try {
      const reply = await fetch(`${url}?${asked}`, { headers: { Accept: "application/json" } });
      answer.textContent = reply.ok ? (await reply.json()).text : `${reply.status} ${reply.statusText}`;
    } catch (error) {
      answer.textContent = String(error);
    }
    button.disabled = false;
  });
})();
