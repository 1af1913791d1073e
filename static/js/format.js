// Numbers as a musician reads them.

/** 187.4 -> "3:07"; with tenths -> "3:07.4". */
export function clock(seconds, tenths = false) {
  const safe = Number.isFinite(seconds) && seconds > 0 ? seconds : 0;
  const units = tenths ? Math.floor(safe * 10 + 1e-6) / 10 : Math.floor(safe + 1e-6);
  const hours = Math.floor(units / 3600);
  const minutes = Math.floor((units % 3600) / 60);
  const rest = units % 60;
  const tail = (tenths ? rest.toFixed(1) : String(rest)).padStart(tenths ? 4 : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/** For aria-valuetext: "1 minute 5 seconds". */
export function spokenTime(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(whole / 60);
  const rest = whole % 60;
  const parts = [];
  if (minutes) parts.push(`${minutes} ${minutes === 1 ? "minute" : "minutes"}`);
  if (rest || !minutes) parts.push(`${rest} ${rest === 1 ? "second" : "seconds"}`);
  return parts.join(" ");
}

/** "about 20 s left"; coarse on purpose, so that it does not flicker. */
export function timeLeft(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "";
  if (seconds < 1.5) return "almost done";
  if (seconds < 10) return `about ${Math.ceil(seconds)} s left`;
  if (seconds < 90) return `about ${Math.ceil(seconds / 5) * 5} s left`;
  return `about ${Math.round(seconds / 60)} min left`;
}

export function megabytes(bytes) {
  if (bytes < 1e5) return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  const mb = bytes / 1e6;
  return `${mb < 10 ? mb.toFixed(1) : Math.round(mb)} MB`;
}
