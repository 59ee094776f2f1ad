// Talking to the server: JSON, streams of events, and the key where one is asked for.

import { say } from "./words.js";

let asking = null; // one dialog, however many requests wait for the key

export class Problem extends Error {}

export async function get(path) {
  return (await request(path)).json();
}

export async function post(path, body, signal) {
  return (await request(path, body, signal)).json();
}

// Each event of a stream, until [DONE] or until `signal` says so; a Problem where the stream ends otherwise.
export async function* events(path, body, signal) {
  const response = await request(path, { ...body, stream: true }, signal);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read().catch((error) => {
      throw error.name === "AbortError" ? error : new Problem(say("lost"));
    });
    if (done) throw new Problem(say("lost"));
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      const data = part.slice("data: ".length);
      if (data === "[DONE]") return;
      const event = JSON.parse(data);
      if (event.error) throw new Problem(say("problem", { what: event.error.message }));
      yield event;
    }
  }
}

async function request(path, body, signal) {
  const headers = {};
  const key = sessionStorage.getItem("upwell-key");
  if (key) headers.Authorization = `Bearer ${key}`;
  if (body) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body), signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(say("unreachable"));
  }
  if (response.status === 401) {
    asking ??= askForKey();
    await asking;
    asking = null;
    return request(path, body, signal);
  }
  if (!response.ok) {
    const answer = await response.json().catch(() => ({}));
    throw new Problem(say("problem", { what: answer.error?.message ?? response.status }));
  }
  return response;
}

function askForKey() {
  const dialog = document.getElementById("key-dialog");
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      sessionStorage.setItem("upwell-key", document.getElementById("key").value);
      document.getElementById("key").value = "";
      resolve();
    }, { once: true });
  });
}
