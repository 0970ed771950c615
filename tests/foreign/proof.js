// SPDX-License-Identifier: EUPL-1.2
// Verifies a receipt offline: C2SP tlog-proof, signed-note and tlog-checkpoint, RFC 6962 inclusion. Throws when it does not hold.
import { createPublicKey, verify } from "node:crypto";
import { sha256 } from "./agency.js";

// "name+hash+base64(type || key)" of a signed note's verifier key.
function readVerifierKey(text) {
	const [, name, hash, key] = /^(.+)\+([0-9a-f]{8})\+(.+)$/.exec(text);
	const octets = Buffer.from(key, "base64");
	const id = sha256(name, "\n", octets).subarray(0, 4);
	if (octets[0] !== 1 || octets.length !== 33 || id.toString("hex") !== hash)
		throw new Error("verifier key");
	const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), octets.subarray(1)]);
	return { name, id, key: createPublicKey({ key: spki, format: "der", type: "spki" }) };
}

export function openCheckpoint(note, verifierKey) {
	const signer = readVerifierKey(verifierKey);
	const end = note.indexOf("\n\n");
	const text = note.slice(0, end + 1);
	const signatures = note.slice(end + 2).split("\n").filter((l) => l.startsWith(`— ${signer.name} `));
	const valid = signatures.some((line) => {
		const octets = Buffer.from(line.split(" ")[2], "base64");
		return octets.subarray(0, 4).equals(signer.id) && verify(null, Buffer.from(text), signer.key, octets.subarray(4));
	});
	const [origin, size, root] = text.split("\n");
	if (!valid || origin !== signer.name)
		throw new Error("checkpoint");
	return { origin, size: BigInt(size), root: Buffer.from(root, "base64") };
}

// RFC 9162 section 2.1.3.2.
function rootFromProof(leaf, index, size, path) {
	let fn = index, sn = size - 1n, hash = leaf;
	for (const sibling of path) {
		if (sn === 0n)
			throw new Error("proof too long");
		if (fn & 1n || fn === sn) {
			hash = sha256(Buffer.from([1]), sibling, hash);
			while (!(fn & 1n) && fn !== 0n) {
				fn >>= 1n;
				sn >>= 1n;
			}
		} else {
			hash = sha256(Buffer.from([1]), hash, sibling);
		}
		fn >>= 1n;
		sn >>= 1n;
	}
	if (sn !== 0n)
		throw new Error("proof too short");
	return hash;
}

export function checkReceipt(receipt, verifierKey) {
	const lines = receipt.tlogProof.split("\n");
	if (!/^c2sp\.org\/tlog-proof@v\d$/.test(lines[0]))
		throw new Error(`not a tlog-proof: ${lines[0]}`);
	let at = 1;
	if (lines[at].startsWith("extra "))
		at++;
	const index = BigInt(/^index (\d+)$/.exec(lines[at++])[1]);
	const end = lines.indexOf("", at);
	const path = lines.slice(at, end).map((l) => Buffer.from(l, "base64"));
	const checkpoint = openCheckpoint(lines.slice(end + 1).join("\n"), verifierKey);
	const leaf = sha256(Buffer.from([0]), receipt.logEntry);
	if (index !== receipt.logIndex || !rootFromProof(leaf, index, checkpoint.size, path).equals(checkpoint.root))
		throw new Error("not in the tree");
	return checkpoint;
}
