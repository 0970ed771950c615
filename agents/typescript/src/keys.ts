// SPDX-License-Identifier: EUPL-1.2
// An agency's keys: Ed25519 for what it states, X25519 for what it is sent. Ids and digests as the contract defines them (common.proto, exchange.proto).
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import sodium from "libsodium-wrappers";

await sodium.ready;

export interface Keys {
	signing: sodium.KeyPair;
	sealing: sodium.KeyPair;
}

export function makeKeys(): Keys {
	return { signing: sodium.crypto_sign_keypair(), sealing: sodium.crypto_box_keypair() };
}

// The two seeds, in a file that only the owner reads. An agency keeps them where it keeps its other secrets.
export function saveKeys(path: string, keys: Keys): void {
	const text = JSON.stringify({
		signing: sodium.to_base64(keys.signing.privateKey.subarray(0, 32)), // the seed (RFC 8032)
		sealing: sodium.to_base64(keys.sealing.privateKey),
	});
	writeFileSync(path, text, { mode: 0o600, flag: "wx" });
}

export function loadKeys(path: string): Keys {
	const kept = JSON.parse(readFileSync(path, "utf8")) as { signing: string; sealing: string };
	const sealing = sodium.from_base64(kept.sealing);
	return {
		signing: sodium.crypto_sign_seed_keypair(sodium.from_base64(kept.signing)),
		sealing: { keyType: "x25519", privateKey: sealing, publicKey: sodium.crypto_scalarmult_base(sealing) },
	};
}

export function sha256(...parts: (string | Uint8Array)[]): Buffer {
	const hash = createHash("sha256");
	for (const part of parts)
		hash.update(part);
	return hash.digest();
}

// SignedStatement.key_id and SealedKey.key_id.
export const signingKeyId = (key: Uint8Array) => sha256("sluss-key-v1", key).subarray(0, 8).toString("hex");
export const sealingKeyId = (key: Uint8Array) => sha256("sluss-seal-v1", key).subarray(0, 8).toString("hex");

export { sodium };
