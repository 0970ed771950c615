// SPDX-License-Identifier: EUPL-1.2
// Logging in, and the session that follows (proto/sluss/v1/session.proto). The session is bound to a key that this tab made: every request is signed by it. While the
// identity provider's pages are shown the key waits in sessionStorage, which ends with the tab; nothing else is ever kept on the device.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { SignedStatementSchema } from "../gen/sluss/v1/common_pb";
import { type Session, SessionSchema, SessionService } from "../gen/sluss/v1/session_pb";
import { signal } from "./signal";

const KEPT = "s"; // says nothing about what it is
const ECDSA = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGN = { name: "ECDSA", hash: "SHA-256" } as const;
const ANSWER_MS = 10_000; // an answer that has not come by then is not waited for: the page says that it does not know
const text = new TextEncoder();

let keys: CryptoKeyPair | undefined;
let counter = 0n;
let leaving = false; // nothing is kept any more
let calledAt = 0;
export const session = signal<Session | undefined>(undefined);

export function base64url(octets: Uint8Array): string {
  return btoa(String.fromCharCode(...octets)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export function fromBase64url(value: string): Uint8Array {
  return Uint8Array.from(atob(value.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
}

export function join(...parts: (Uint8Array | string)[]): Uint8Array<ArrayBuffer> {
  const octets = parts.map((p) => (typeof p === "string" ? text.encode(p) : p));
  const joined = new Uint8Array(octets.reduce((n, o) => n + o.length, 0));
  let at = 0;
  for (const o of octets) {
    joined.set(o, at);
    at += o.length;
  }
  return joined;
}

export async function sha256(octets: Uint8Array | string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", join(octets)));
}

async function sign(...parts: (Uint8Array | string)[]): Promise<Uint8Array> {
  if (!keys) throw new Error("no key");
  return new Uint8Array(await crypto.subtle.sign(SIGN, keys.privateKey, join(...parts)));
}

async function publicKey(): Promise<Uint8Array> {
  if (!keys) throw new Error("no key");
  return new Uint8Array(await crypto.subtle.exportKey("raw", keys.publicKey));
}

function u64(value: bigint): Uint8Array {
  const octets = new Uint8Array(8);
  new DataView(octets.buffer).setBigUint64(0, value);
  return octets;
}

// Signs a request in the session. The body is a protobuf message, exactly as it is sent.
const signedFetch: typeof fetch = async (input, init) => {
  const current = session.value;
  const headers = new Headers(init?.headers);
  if (current) {
    const url = new URL(typeof input === "string" ? input : input instanceof URL ? input.href : input.url, location.href);
    const body = init?.body instanceof Uint8Array ? init.body : new Uint8Array();
    counter += 1n;
    const number = counter;
    void keepSession();
    watch();
    const signature = await sign("sluss-session-v1\0", current.authority, "\0", url.pathname, "\0", u64(number), await sha256(body));
    headers.set("Sluss-Session", `${base64url(current.sessionId)}.${number}.${base64url(signature)}`);
  }
  return fetch(input, { ...init, headers, cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer", keepalive: leaving });
};

export const transport = createConnectTransport({ baseUrl: location.origin, useBinaryFormat: true, fetch: signedFetch, defaultTimeoutMs: ANSWER_MS });
const sessions = createClient(SessionService, transport);

// A statement of staff, signed by the session's key.
export async function signStatement(statement: Uint8Array) {
  const current = session.value;
  if (!current) throw new Error("no session");
  return create(SignedStatementSchema, {
    statement,
    signature: await sign("sluss-statement-v1\0", statement),
    keyId: `session:${base64url(current.sessionId)}`,
  });
}

// ---- logging in

async function makeKeys(): Promise<void> {
  keys = await crypto.subtle.generateKey(ECDSA, true, ["sign", "verify"]);
  counter = 0n;
  kept = "";
}

// What `resume` needs after the page was loaded anew in the same tab.
let kept = "";
async function keepSession(): Promise<void> {
  const current = session.value;
  if (!current || !keys) return;
  if (kept === "") kept = JSON.stringify(await crypto.subtle.exportKey("jwk", keys.privateKey));
  if (leaving || session.value === undefined) return;
  sessionStorage.setItem(KEPT, `{"key":${kept},"session":"${base64url(toBinary(SessionSchema, current))}","counter":"${counter}"}`);
}

interface Kept {
  login?: string;
  authority?: string;
  key: JsonWebKey;
  session?: string;
  counter?: string;
}

async function keep(more: Omit<Kept, "key">): Promise<void> {
  if (keys) sessionStorage.setItem(KEPT, JSON.stringify({ ...more, key: await crypto.subtle.exportKey("jwk", keys.privateKey) }));
}

async function takeKept(): Promise<Kept | undefined> {
  const found = sessionStorage.getItem(KEPT);
  sessionStorage.removeItem(KEPT);
  if (found === null) return undefined;
  const read = JSON.parse(found) as Kept;
  const privateKey = await crypto.subtle.importKey("jwk", read.key, ECDSA, true, ["sign"]);
  const { d: _, ...open } = read.key;
  const publicKey_ = await crypto.subtle.importKey("jwk", { ...open, key_ops: ["verify"] }, ECDSA, true, ["verify"]);
  keys = { privateKey, publicKey: publicKey_ };
  return read;
}

export function issuers() {
  return sessions.listIssuers({});
}

// Goes to the identity provider.
export async function beginLogin(issuerId: string, authority: string, language: string): Promise<void> {
  await makeKeys();
  const begun = await sessions.begin({ issuerId, sessionKey: await publicKey(), language });
  await keep({ login: begun.loginId, authority });
  location.assign(begun.authorizationUrl);
}

// Back from there, with ?code= and &state=. False: this tab had not begun a login.
export async function finishLogin(code: string, state: string): Promise<boolean> {
  const begun = await takeKept();
  if (!begun?.login) return false;
  const signature = await sign("sluss-login-v1\0", begun.authority ?? "", "\0", begun.login, "\0", code);
  session.value = (await sessions.finish({ loginId: begun.login, code, state, signature })).session;
  await keepSession();
  return session.value !== undefined;
}

export async function enterCode(code: string, authority: string): Promise<void> {
  const clean = code.toUpperCase().replace(/[^0-9A-Z]/g, "").replaceAll("O", "0").replaceAll("I", "1").replaceAll("L", "1");
  const codeId = clean.slice(0, 6);
  await makeKeys();
  const key = await publicKey();
  const secret = await sha256(join("sluss-code-v1\0", clean.slice(6)));
  const hmac = await crypto.subtle.importKey("raw", secret as Uint8Array<ArrayBuffer>, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", hmac, join(authority, "\0", codeId, "\0", key)));
  const signature = await sign("sluss-login-v1\0", authority, "\0", codeId, "\0", mac);
  session.value = (await sessions.enterCode({ codeId, sessionKey: key, mac, signature })).session;
  await keepSession();
}

// Takes a session up again after the page was loaded anew in the same tab.
export async function resume(): Promise<void> {
  const former = await takeKept();
  if (!former?.session) return;
  session.value = fromBinary(SessionSchema, fromBase64url(former.session));
  counter = BigInt(former.counter ?? "0");
  try {
    session.value = (await sessions.get({})).session;
  } catch {
    forget();
  }
}

// A session that nobody uses ends at the gateway; then it ends on the screen, too, also when the device slept meanwhile.
let timer: ReturnType<typeof setTimeout> | undefined;
function watch(): void {
  calledAt = Date.now();
  look();
}

function look(): void {
  const current = session.value;
  clearTimeout(timer);
  if (!current || current.idleSeconds === 0) return;
  const left = calledAt + current.idleSeconds * 1000 - Date.now();
  if (left <= 0) forget();
  else timer = setTimeout(look, left);
}
document.addEventListener("visibilitychange", look);

export function forget(): void {
  clearTimeout(timer);
  kept = "";
  sessionStorage.removeItem(KEPT);
  session.value = undefined;
  keys = undefined;
}

// Ends it here at once, whether or not the gateway answers, and tells the gateway in passing.
export async function abandon(): Promise<void> {
  leaving = true;
  sessionStorage.removeItem(KEPT);
  await logout();
}

// Ends the session here and at the gateway.
export async function logout(): Promise<void> {
  try {
    if (session.value) await sessions.end({ all: false });
  } finally {
    forget();
  }
}
