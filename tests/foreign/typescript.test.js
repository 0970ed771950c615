// SPDX-License-Identifier: EUPL-1.2
// The worked example in agents/typescript against the C side, both ways: it sends and `sluss fetch` opens, `sluss send` sends and it opens; what was tampered with, sealed to another key
// or labelled wrongly is refused on both sides.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";

const world = JSON.parse(process.env.SLUSS_WORLD);
const { dist, sluss, top, tokens } = world.example;
const load = (path) => import(join(dist, path));
const { Agency } = await load("src/agency.js");
const { loadKeys, makeKeys, saveKeys } = await load("src/keys.js");
const { provedEntry } = await load("src/proof.js");
const { open } = await load("src/section.js");
const { MessageType, Purpose } = await load("gen/sluss/v1/common_pb.js");
const { AttendanceReportSchema, NoteSchema } = await load("gen/sluss/v1/payload_pb.js");
const { AuditService } = await load("gen/sluss/v1/audit_pb.js");
const { DirectoryService } = await load("gen/sluss/v1/directory_pb.js");
const { ExchangeService, DeliveryState } = await load("gen/sluss/v1/exchange_pb.js");

const folder = join(world.folder, "example");
mkdirSync(folder);

function settings(id) {
	const own = join(folder, id);
	mkdirSync(own, { recursive: true });
	return { authority: world.authority, agencyUrl: `https://localhost:${world.agencyPort}`, publicUrl: `https://localhost:${world.publicPort}`, ca: world.ca,
		folder: own, id, officer: "o1" };
}

// One `sluss` command of social services; its answer, or its error when it is expected to fail.
function c(words, expect = 0) {
	const done = spawnSync(sluss, [...words, "--json", "--profile", join(folder, "soc-c"), "--officer", "s1"], { encoding: "utf8" });
	assert.equal(done.status, expect, `${words}: ${done.stdout}${done.stderr}`);
	return Object.assign({}, ...done.stdout.split(/\n(?=\{)/).map((text) => JSON.parse(text))); // result, error, or both
}

const agencies = {};
const one = {};

before(async () => {
	const seconds = Math.floor(Date.now() / 1000);
	const rfc3339 = (s) => new Date(s * 1000).toISOString();
	c(["agency", "enrol", "--url", `https://localhost:${world.publicPort}`, "--agency-url", `https://localhost:${world.agencyPort}`, "--ca", world.ca,
		"--authority", world.authority, "--agency", "soc-c", "--token", tokens["soc-c"]]);
	for (const id of ["school-ts", "police-ts"]) {
		const s = settings(id), keys = join(s.folder, "keys.json");
		saveKeys(keys, makeKeys());
		agencies[id] = new Agency(s, loadKeys(keys));
		assert.match(await agencies[id].enrol(tokens[id]), /\+/);
	}
	const opened = c(["case", "open", "--programme", "SSPF", "--subject", "birth=2006-03-05,name=Test Testsson,language=sv", "--member", "soc-c=s1+s2", "--member",
		"school-ts=o1", "--member", "police-ts=o1", "--coordinator", "s1", "--coordinator", "s2"]).case;
	one.caseId = opened.caseId;
	const text = join(folder, "consent.txt");
	writeFileSync(text, "What we ask you to agree to.\n");
	const valid = `valid=${rfc3339(seconds - 60)}/${rfc3339(seconds + 30 * 86400)}`;
	const grants = ["category=school_attendance,from=school-ts,to=soc-c+police-ts", "category=action_plan,from=soc-c,to=school-ts"];
	one.consentId = c(["consent", "record", "--case", one.caseId, "--text-version", "1", "--language", "sv", "--text-file", text,
		...grants.flatMap((g) => ["--grant", `${g},purpose=coordination,${valid}`])]).consentId;
	c(["consent", "give", "--consent", one.consentId, "--person", opened.subjectPersonId, "--case", one.caseId]);
	for (const phase of ["inquiry", "enrolled"])
		c(["case", "phase", one.caseId, phase]);
});

const report = { week: "2012-W15", lessonsPlanned: 26, lessonsAttended: 22, days: [{ date: "2012-04-10", minutesPlanned: 340, minutesAbsentWithoutLeave: 140 }] };

async function sendReport(draft = {}) {
	const school = agencies["school-ts"];
	const request = school.make(one.caseId, MessageType.ATTENDANCE_REPORT, await school.recipients(["soc-c", "police-ts"]),
		[{ type: AttendanceReportSchema, content: report, consentIds: [one.consentId], ...draft }]);
	return { request, answer: await school.send(request) };
}

test("TypeScript sends, sluss fetch opens", async () => {
	const { request, answer } = await sendReport();
	const again = await agencies["school-ts"].send(request);
	assert.equal(again.receipt.logIndex, answer.receipt.logIndex); // counted once
	const { messages } = c(["fetch", "--ack"]);
	assert.deepEqual(messages.map((m) => [m.messageId, m.agencyId, m.usable, m.sections.map((s) => s.state)]), [[answer.messageId, "school-ts", true, ["opened"]]]);
	assert.deepEqual(messages[0].sections[0].content, report);
	assert.equal(messages[0].sections[0].payloadType, "sluss.v1.AttendanceReport");
});

test("sluss sends, TypeScript opens", async () => {
	const plan = join(top, "agents/social/examples/action_plan.json");
	const sent = c(["send", "--case", one.caseId, "--type", "ActionPlan", "--to", "school-ts", "--section", `purpose=coordination,claim=consent:${one.consentId},file=${plan}`]);
	const school = agencies["school-ts"];
	const [taken] = await school.fetch(2000);
	assert.equal(taken.delivery.messageId, sent.messageId);
	assert.deepEqual(taken.problems, []);
	const [section] = taken.sections;
	assert.equal(section.header.category, "action_plan");
	assert.equal(section.header.purpose, Purpose.COORDINATION);
	const expected = JSON.parse(readFileSync(plan, "utf8"));
	assert.equal(section.content.goals.length, expected.goals.length);
	assert.equal(section.content.schoolOrOccupation.plan, expected.schoolOrOccupation.plan);
	await school.acknowledge(taken);
	assert.equal(c(["status", sent.messageId]).recipients[0].state, "DELIVERY_STATE_ACKNOWLEDGED");
});

test("sluss send refuses a plan that is not whole", () => {
	const plan = JSON.parse(readFileSync(join(top, "agents/social/examples/action_plan.json"), "utf8"));
	delete plan.goals[1].followUp.at;
	const file = join(folder, "broken.json");
	writeFileSync(file, JSON.stringify(plan));
	const { error } = c(["send", "--case", one.caseId, "--type", "ActionPlan", "--to", "school-ts", "--section", `purpose=coordination,claim=consent:${one.consentId},file=${file}`], 1);
	assert.match(error.explanation, /goals\[1\]\.follow_up\.at: A text is needed/);
});

test("wrong key, tampered label, ciphertext and signature are refused", async () => {
	const { answer } = await sendReport();
	const police = agencies["police-ts"];
	const delivery = (await police.client(ExchangeService).fetch({ maxMessages: 16, waitMs: 2000 })).deliveries.find((d) => d.messageId === answer.messageId);
	const { envelope, sections } = await police.take(delivery);
	assert.equal(sections.length, 1);
	const flip = (octets) => {
		const copy = Uint8Array.from(octets);
		copy[copy.length - 1] ^= 1;
		return copy;
	};
	const [section] = delivery.sections;
	assert.throws(() => open(section, envelope, "police-ts", makeKeys()), /no key for us/);
	assert.throws(() => open(section, envelope, "soc-c", police.keys), /no key for us/);
	assert.throws(() => open({ ...section, header: flip(section.header) }, envelope, "police-ts", police.keys), /did not sign/);
	assert.throws(() => open({ ...section, ciphertext: flip(section.ciphertext) }, envelope, "police-ts", police.keys), /did not sign/);
	await assert.rejects(police.take({ ...delivery, envelope: { ...delivery.envelope, signature: flip(delivery.envelope.signature) } }), /not signed by its sender/);
	await assert.rejects(police.take({ ...delivery, senderKey: makeKeys().signing.publicKey }), /not signed by its sender/);
	await police.acknowledge(await police.take(delivery));
	c(["fetch", "--ack"]);
});

test("a label that lies is found by both sides, and stands in the log", async () => {
	const lie = { type: NoteSchema, content: { category: "health", text: "what the label hides" }, label: { category: "school_attendance" } };
	const { answer } = await sendReport(lie);
	const fetched = c(["fetch", "--ack"], 5);
	assert.equal(fetched.error.code, "unverified");
	assert.deepEqual(fetched.messages.map((m) => [m.messageId, m.sections[0].state]), [[answer.messageId, "mislabelled"]]);
	const police = agencies["police-ts"];
	const taken = (await police.fetch(2000)).find((t) => t.delivery.messageId === answer.messageId);
	assert.deepEqual([taken.sections.length, taken.mismatched], [0, ["school_attendance"]]);
	assert.match(taken.problems[0], /label says school_attendance, but the content is health/);
	await police.acknowledge(taken);
	const { recipients } = await agencies["school-ts"].client(ExchangeService).getStatus({ messageId: answer.messageId });
	assert.deepEqual(recipients.map((r) => r.state), [DeliveryState.REJECTED, DeliveryState.REJECTED]);
	const { notices } = await agencies["school-ts"].client(ExchangeService).fetch({ withNotices: true });
	assert.deepEqual(notices.filter((n) => n.messageId === answer.messageId && n.kind === 4).map((n) => n.recipientAgencyId).sort(), ["police-ts", "soc-c"]);
});

test("content that breaks a rule of its type is rejected with the field, and stands in the log", async () => {
	const { answer } = await sendReport({ content: { ...report, lessonsAttended: 27 } });
	const fetched = c(["fetch", "--ack"], 5);
	assert.deepEqual(fetched.messages.map((m) => [m.messageId, m.usable, m.sections[0].state]), [[answer.messageId, false, "invalid"]]);
	const { recipients } = await agencies["school-ts"].client(ExchangeService).getStatus({ messageId: answer.messageId });
	const soc = recipients.find((r) => r.recipientAgencyId === "soc-c");
	assert.deepEqual([soc.state, soc.explanation], [DeliveryState.REJECTED, "Section 1 (school_attendance) breaks a rule of its type at lessons_attended."]);
	for (const taken of await agencies["police-ts"].fetch(2000))
		await agencies["police-ts"].acknowledge(taken);
});

test("keys that the log does not bind to the agency are not believed", async () => {
	const school = agencies["school-ts"];
	const { agency } = await school.client(DirectoryService).getAgency({ agencyId: "soc-c" });
	const [keys] = agency.keys;
	await school.prove("soc-c", keys);
	const other = makeKeys();
	await assert.rejects(school.prove("soc-c", { ...keys, sealingKey: other.sealing.publicKey }), /the log does not have/);
	await assert.rejects(school.prove("soc-c", { ...keys, signingKey: other.signing.publicKey }), /the log does not have/);
	await assert.rejects(school.prove("police-ts", keys), /the log does not have/);
	const { receipt } = await school.client(AuditService).getProof({ logIndex: keys.logIndex });
	const vkey = readFileSync(join(school.settings.folder, "log.vkey"), "utf8");
	assert.equal(provedEntry(receipt, vkey).event.case, "agencyEnrolled");
	const changed = Uint8Array.from(receipt.logEntry);
	changed[changed.length - 1] ^= 1;
	assert.throws(() => provedEntry({ ...receipt, logEntry: changed }, vkey), /does not stand in the log/);
	assert.throws(() => provedEntry({ ...receipt, tlogProof: receipt.tlogProof.replace(/\n(\d+)\n/, "\n9$1\n") }, vkey), /not signed by the log/);
});

test("content in a message that cannot carry it is found", async () => {
	const request = agencies["school-ts"].make(one.caseId, MessageType.ATTENDANCE_REPORT, await agencies["school-ts"].recipients(["police-ts"]), [{
		type: (await load("gen/sluss/v1/payload_police_pb.js")).ThreatAssessmentSchema, content: { grounds: "x" }, consentIds: [one.consentId],
		label: { category: "school_attendance" } }]);
	const { messageId } = await agencies["school-ts"].send(request);
	const taken = (await agencies["police-ts"].fetch(2000)).find((t) => t.delivery.messageId === messageId);
	assert.deepEqual(taken.mismatched, ["school_attendance"]);
	await agencies["police-ts"].acknowledge(taken);
});

test("the program enrolled by hand says what is wrong with its words", () => {
	const done = spawnSync("node", [join(dist, "src/main.js"), "send"], { encoding: "utf8" });
	assert.notEqual(done.status, 0);
	assert.match(done.stderr, /enrol, send or fetch, and a settings file/);
});
