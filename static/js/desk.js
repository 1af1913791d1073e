// The form that asks for a mix: what a style means, and pans and spaces that are left to the mixer until they are taken.

/** Bring the form's parts to life; `chosen` are [name, value] pairs that are to stand again. May be called anew. */
export function startDesk(form, chosen = []) {
  if (!form) return;
  for (const [name, value] of chosen) restore(form, name, value);
  for (const knob of form.querySelectorAll("[data-knob]:not([data-started])")) startKnob(knob);
  tellStyle(form);
  if (form.hasAttribute("data-listening")) return;
  form.setAttribute("data-listening", "");
  form.addEventListener("change", (event) => {
    if (event.target.name === "style") tellStyle(form);
  });
}

function restore(form, name, value) {
  if (value instanceof File) return;
  for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
    if (field.type === "radio") field.checked = field.value === value;
    else if (field.name !== "csrfmiddlewaretoken") field.value = value;
  }
}

function tellStyle(form) {
  const says = form.querySelector("[data-style-says]");
  const style = form.querySelector("input[name=style]:checked");
  if (says && style) says.textContent = style.dataset.says;
}

function startKnob(knob) {
  knob.setAttribute("data-started", "");
  const [kept, range] = [knob.querySelector("input[type=hidden]"), knob.querySelector("input[type=range]")];
  const [said, leave] = [knob.querySelector("output"), knob.querySelector("button")];
  const words = knob.dataset.knob === "pan" ? panWords : spaceWords;
  const show = () => {
    const set = kept.value !== "";
    knob.toggleAttribute("data-set", set);
    leave.hidden = !set;
    if (set) range.value = String(Math.round(Number(kept.value) * 100));
    said.textContent = set ? words(Number(range.value)) : "Auto";
    range.setAttribute("aria-valuetext", set ? said.textContent : "left to the mixer");
  };
  const take = () => {
    kept.value = String(Number(range.value) / 100);
    show();
  };
  range.addEventListener("input", take);
  // A click on the grip where it stands is a choice too.
  range.addEventListener("pointerup", take);
  leave.addEventListener("click", () => {
    kept.value = "";
    range.value = range.getAttribute("value");
    show();
    range.focus();
  });
  show();
}

export function panWords(percent) {
  if (percent === 0) return "C";
  return `${percent < 0 ? "L" : "R"} ${Math.abs(percent)}`;
}

export function spaceWords(percent) {
  return percent === 0 ? "Dry" : `${percent} %`;
}
