// Requests to our own server. Errors become sentences.

export class RequestError extends Error {
  constructor(status, code, message, field = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

export function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]')?.content ?? "";
}

const PLAIN = {
  0: ["offline", "The server cannot be reached. Check your connection and try again."],
  403: ["forbidden", "You are signed out, or this page is too old. Reload it and try again."],
  404: ["not_found", "This is gone. Reload the page to see what is here now."],
  413: ["too_large", "That is more than the server takes at once."],
  429: ["too_many", "That was a lot at once. Wait a moment and try again."],
};

/** The sentence in a {code, message} body, or a plain one for the status. */
export function errorFrom(status, text) {
  try {
    const body = JSON.parse(text);
    if (body && typeof body.message === "string") {
      return new RequestError(status, body.code ?? "error", body.message, body.field ?? null);
    }
  } catch {
    // Not JSON: a proxy's page, or nothing at all.
  }
  const [code, message] = PLAIN[status] ?? ["server_error", "Something broke on our side. Try again in a moment."];
  return new RequestError(status, code, message);
}

/** POST form fields; answers the JSON body, or null where there is none. */
export async function post(url, fields = {}) {
  let response;
  try {
    response = await fetch(url, {
      method: "POST",
      credentials: "same-origin",
      keepalive: true, // a choice made just before the page is left still arrives
      headers: { "X-CSRFToken": csrfToken(), Accept: "application/json" },
      body: new URLSearchParams(fields),
    });
  } catch {
    throw errorFrom(0, "");
  }
  const text = await response.text();
  if (!response.ok) throw errorFrom(response.status, text);
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export async function get(url, accept = "application/json") {
  let response;
  try {
    response = await fetch(url, { credentials: "same-origin", headers: { Accept: accept } });
  } catch {
    throw errorFrom(0, "");
  }
  if (!response.ok) throw errorFrom(response.status, await response.text());
  return response;
}

/** What the server wrote into the page with json_script. */
export function pageData() {
  const node = document.getElementById("page");
  return node ? JSON.parse(node.textContent) : {};
}
