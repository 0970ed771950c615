// SPDX-License-Identifier: EUPL-1.2
// What the log proves: a receipt (C2SP tlog-proof, signed-note and tlog-checkpoint, RFC 6962 inclusion) under the log's key that enrolment pinned.
import { createPublicKey, verify, type KeyObject } from "node:crypto";
import { fromBinary } from "@bufbuild/protobuf";
import type { Receipt } from "../gen/sluss/v1/common_pb.js";
import { LogRecordSchema, type LogRecord } from "../gen/sluss/v1/log_pb.js";
import { sha256 } from "./keys.js";

interface Verifier {
	name: string;
	id: Buffer;
	key: KeyObject;
}

// "name+hash+base64(type || key)": a signed note's verifier key.
function readVerifierKey(text: string): Verifier {
	const [, name, hash, key] = /^(.+)\+([0-9a-f]{8})\+(.+)$/.exec(text.trim()) ?? [];
	const octets = Buffer.from(key ?? "", "base64");
	const id = sha256(name ?? "", "\n", octets).subarray(0, 4);
	if (name === undefined || octets[0] !== 1 || octets.length !== 33 || id.toString("hex") !== hash)
		throw new Error("that is no verifier key of a log");
	const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), octets.subarray(1)]);
	return { name, id, key: createPublicKey({ key: spki, format: "der", type: "spki" }) };
}

function openCheckpoint(note: string, log: Verifier): { size: bigint; root: Buffer } {
	const end = note.indexOf("\n\n");
	const text = note.slice(0, end + 1);
	const signed = note.slice(end + 2).split("\n").filter((l) => l.startsWith(`\u2014 ${log.name} `)).some((line) => {
		const octets = Buffer.from(line.split(" ")[2] ?? "", "base64");
		return octets.subarray(0, 4).equals(log.id) && verify(null, Buffer.from(text), log.key, octets.subarray(4));
	});
	const [origin, size, root] = text.split("\n");
	if (end < 0 || !signed || origin !== log.name || !/^\d+$/.test(size ?? ""))
		throw new Error("the checkpoint is not signed by the log");
	return { size: BigInt(size!), root: Buffer.from(root ?? "", "base64") };
}

// RFC 9162 section 2.1.3.2.
function rootFromProof(leaf: Buffer, index: bigint, size: bigint, path: Buffer[]): Buffer {
	let fn = index, sn = size - 1n, hash = leaf;
	for (const sibling of path) {
		if (sn === 0n)
			throw new Error("the proof is too long");
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
		throw new Error("the proof is too short");
	return hash;
}

// The entry that the receipt proves; throws when it does not stand in the log whose key that is.
export function provedEntry(receipt: Receipt | undefined, logVerifierKey: string): LogRecord {
	const lines = receipt?.tlogProof.split("\n") ?? [];
	if (receipt === undefined || !/^c2sp\.org\/tlog-proof@v\d$/.test(lines[0] ?? ""))
		throw new Error("there is no proof");
	const head = lines[1]?.startsWith("extra ") ? 2 : 1;
	const index = BigInt(/^index (\d+)$/.exec(lines[head] ?? "")?.[1] ?? -1);
	const end = lines.indexOf("", head);
	const path = lines.slice(head + 1, end).map((l) => Buffer.from(l, "base64"));
	const { size, root } = openCheckpoint(lines.slice(end + 1).join("\n"), readVerifierKey(logVerifierKey));
	const leaf = sha256(Buffer.from([0]), receipt.logEntry);
	if (index !== receipt.logIndex || index >= size || !rootFromProof(leaf, index, size, path).equals(root))
		throw new Error("the entry does not stand in the log");
	return fromBinary(LogRecordSchema, receipt.logEntry);
}
