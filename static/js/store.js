// localStorage that may be closed (private windows, full disks): reading then answers the fallback, writing is let go.

export function recall(key, fallback = null) {
  try {
    const raw = window.localStorage.getItem(key);
    return raw === null ? fallback : JSON.parse(raw);
  } catch {
    return fallback;
  }
}

export function remember(key, value) {
  try {
    window.localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Nothing is lost but the memory of a setting.
  }
}
