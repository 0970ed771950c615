// SPDX-License-Identifier: EUPL-1.2
// connect-node, buf curl and plain curl against the real gateway: from enrolment to withdrawal, proto and JSON, with client certificates.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { create, fromBinary, fromJson, toBinary, toJson } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { Agency, at, pb, sha256, world } from "./agency.js";
import { checkReceipt } from "./proof.js";

const agencies = Object.fromEntries(Object.keys(world.tokens).map((id) => [id, new Agency(id)]));
const social = agencies["soc-1"], police = agencies["police-1"], school = agencies["school-1"], probation = agencies["probation-1"];
const members = [social, police, school];
const one = { caseId: randomUUID(), personId: randomUUID(), consentId: randomUUID() };

before(async () => {
	for (const [number, agency] of Object.values(agencies).entries()) {
		const answer = await agency.enrol(number % 2 === 1);
		assert.equal(answer.authority, world.authority);
		checkReceipt(answer.receipt, answer.logVerifierKey);
	}
	await openCase();
	await giveConsent();
});

async function openCase() {
	const cases = social.client(pb.CaseService);
	const opened = await cases.open(social.statement(pb.OpenCaseSchema, {
		caseId: one.caseId, programme: "SSPF", coordinatorOfficerIds: ["o1", "o2"],
		subject: { personId: one.personId, name: "Test Testsson", birthDate: "2006-03-01", language: "sv" },
		members: members.map((m) => ({ agencyId: m.id, contactOfficerIds: [m.officer, "o2"] })),
	}));
	checkReceipt(opened.receipt, social.verifierKey);
	assert.equal(opened.case.phase, pb.Phase.NOMINATED);
	for (const phase of [pb.Phase.INQUIRY, pb.Phase.ENROLLED])
		await cases.setPhase(social.statement(pb.SetPhaseSchema, { caseId: one.caseId, phase }));
}

async function giveConsent() {
	const consents = social.client(pb.ConsentService, { json: true });
	const grant = (category, sender, receivers) => ({
		category, senderAgencyId: sender.id, receiverAgencyIds: receivers.map((r) => r.id), purpose: pb.Purpose.COORDINATION,
		from: at(new Date(Date.now() - 60000)), until: at(new Date(Date.now() + 30 * 86400000)),
	});
	const recorded = await consents.record(social.statement(pb.RecordConsentSchema, {
		consentId: one.consentId, caseId: one.caseId, textVersion: "1", textLanguage: "sv", textHash: sha256("the text"), obtained: pb.Obtained.ELECTRONIC,
		obtainedAt: at(), grants: [grant("school_attendance", school, [social, police]), grant("action_plan", social, [school])],
	}));
	assert.equal(recorded.grants.length, 3);
	assert.ok(recorded.grants.every((g) => g.standing === pb.ReasonCode.CONSENTER_MISSING));
	const given = await consents.give(social.statement(pb.ActOnGrantsSchema, {
		caseId: one.caseId, personId: one.personId, act: pb.GrantAct.GIVE, grantIds: recorded.grants.map((g) => g.grantId), obtained: pb.Obtained.ELECTRONIC,
		obtainedAt: at(),
	}));
	assert.ok(given.grants.every((g) => g.standing === pb.ReasonCode.OK_CONSENT));
}

const claims = () => [{ ground: { case: "consentId", value: one.consentId } }];
const attendance = (recipients, changes = {}) => school.message({
	caseId: one.caseId, type: pb.MessageType.ATTENDANCE_REPORT, recipients,
	sections: [{
		category: "school_attendance", claims: claims(), payloadSchema: pb.AttendanceReportSchema,
		payload: { week: "2012-W12", lessonsPlanned: 20, lessonsAttended: 17, remark: "late twice" },
	}],
	...changes,
});
const plan = (changes = {}) => social.message({
	caseId: one.caseId, type: pb.MessageType.ACTION_PLAN, recipients: [school],
	sections: [{ category: "action_plan", claims: claims(), payloadSchema: pb.NoteSchema, payload: { category: "action_plan", text: "a plan" } }],
	...changes,
});

async function refusal(promise) {
	try {
		await promise;
	} catch (error) {
		const refused = ConnectError.from(error);
		const [detail] = refused.findDetails(pb.RefusalSchema);
		return { code: Code[refused.code], reason: detail && pb.ReasonCode[detail.reason], detail };
	}
	return assert.fail("was not refused");
}

describe("connect-node", () => {
	test("sends, fetches, opens and acknowledges", async () => {
		const message = attendance([social, police]);
		const sent = await school.client(pb.ExchangeService).send(message);
		assert.deepEqual(sent.pairs.map((p) => p.reason), [pb.ReasonCode.OK_CONSENT, pb.ReasonCode.OK_CONSENT]);
		const checkpoint = checkReceipt(sent.receipt, school.verifierKey);
		assert.equal(checkpoint.origin, world.authority);
		for (const [recipient, json] of [[social, false], [police, true]]) {
			const exchange = recipient.client(pb.ExchangeService, { json });
			const { deliveries } = await exchange.fetch({ maxMessages: 1, waitMs: 2000 });
			assert.equal(deliveries.length, 1);
			assert.equal(deliveries[0].messageId, message.messageId);
			const opened = recipient.open(deliveries[0], deliveries[0].sections[0], pb.AttendanceReportSchema);
			assert.equal(opened.content.lessonsAttended, 17);
			assert.equal(opened.header.category, "school_attendance");
			checkReceipt((await exchange.acknowledge(recipient.acknowledgement(deliveries[0]))).receipt, recipient.verifierKey);
			assert.equal((await exchange.fetch({ maxMessages: 1 })).deliveries.length, 0);
		}
		const status = await school.client(pb.ExchangeService).getStatus({ messageId: message.messageId });
		assert.deepEqual(status.recipients.map((r) => r.state), [pb.DeliveryState.ACKNOWLEDGED, pb.DeliveryState.ACKNOWLEDGED]);
	});

	test("a repeated send gets the first answer", async () => {
		const message = plan();
		const exchange = social.client(pb.ExchangeService);
		const first = await exchange.send(message), again = await exchange.send(message);
		assert.equal(again.receipt.logIndex, first.receipt.logIndex);
	});

	test("long poll wakes up when something comes", async () => {
		const exchange = school.client(pb.ExchangeService);
		for (const delivery of (await exchange.fetch({ maxMessages: 64 })).deliveries)
			await exchange.acknowledge(school.acknowledgement(delivery));
		const waiting = exchange.fetch({ maxMessages: 1, waitMs: 20000 });
		const message = plan();
		await social.client(pb.ExchangeService).send(message);
		const { deliveries } = await waiting;
		assert.deepEqual(deliveries.map((d) => d.messageId), [message.messageId]);
		await exchange.acknowledge(school.acknowledgement(deliveries[0]));
	});

	test("evaluate says what send would", async () => {
		const exchange = school.client(pb.ExchangeService);
		assert.equal((await exchange.evaluate(attendance([social]))).wouldBeAccepted, true);
		const other = await exchange.evaluate(attendance([social], {
			sections: [{ category: "school_support", claims: claims(), payloadSchema: pb.NoteSchema, payload: { category: "school_support", text: "-" } }] }));
		assert.equal(other.wouldBeAccepted, false);
		assert.deepEqual(other.pairs.map((p) => p.reason), [pb.ReasonCode.WRONG_CATEGORY]);
		assert.equal(other.whatWouldChange.length, other.pairs.length);
	});

	test("refusals carry code, reason and pairs", async () => {
		const exchange = school.client(pb.ExchangeService);
		const broken = attendance([social]);
		broken.envelope.signature = new Uint8Array(64);
		const table = [
			[broken, "PermissionDenied", "SIGNATURE_INVALID"],
			[attendance([probation]), "PermissionDenied", "NOT_A_MEMBER"],
			[attendance([social], { caseId: randomUUID() }), "NotFound", "UNKNOWN_CASE"],
			[attendance([social], { at: at(new Date(Date.now() - 3600000)) }), "FailedPrecondition", "CLOCK_SKEW"],
			[attendance([social], { sections: [] }), "InvalidArgument", "MALFORMED"],
		];
		for (const [message, code, reason] of table) {
			const got = await refusal(exchange.send(message));
			assert.deepEqual([got.code, got.reason], [code, reason]);
		}
		const denied = await refusal(exchange.send(attendance([social, probation])));
		assert.deepEqual(denied.detail.pairs.map((p) => pb.ReasonCode[p.reason]), ["OK_CONSENT", "NOT_A_MEMBER"]);
	});

	test("partial delivery passes what is permitted", async () => {
		const sent = await school.client(pb.ExchangeService).send(attendance([police, probation], { partialDelivery: true }));
		assert.deepEqual(sent.pairs.map((p) => p.permitted), [true, false]);
	});

	test("compresses both ways", async () => {
		const { deliveries } = await police.client(pb.ExchangeService).fetch({ maxMessages: 64 });
		for (const delivery of deliveries)
			await police.client(pb.ExchangeService).acknowledge(police.acknowledgement(delivery));
		const body = gzipSync(Buffer.from("{}"));
		const answer = await post("DirectoryService/ListAgencies", { body, headers: { "Content-Type": "application/json", "Content-Encoding": "gzip", "Accept-Encoding": "gzip" } });
		assert.equal(answer.status, 200);
		const text = answer.headers["content-encoding"] === "gzip" ? gunzipSync(answer.body) : answer.body;
		assert.equal(JSON.parse(text).agencies.length, Object.keys(world.tokens).length);
		assert.equal(answer.headers["content-encoding"], "gzip");
	});

	test("vague consents are refused with the field's path", async () => {
		const consents = social.client(pb.ConsentService);
		const good = {
			category: "needs", senderAgencyId: social.id, receiverAgencyIds: [school.id], purpose: pb.Purpose.COORDINATION, from: at(),
			until: at(new Date(Date.now() + 86400000)),
		};
		const table = [
			[{ category: "" }, "VAGUE_CATEGORY", "grants[0].category"],
			[{ receiverAgencyIds: [] }, "VAGUE_RECIPIENT", "grants[0].receiver_agency_ids"],
			[{ purpose: pb.Purpose.UNSPECIFIED }, "VAGUE_PURPOSE", "grants[0].purpose"],
			[{ until: undefined }, "NO_END", "grants[0].until"],
			[{ until: at(new Date(Date.now() + 800 * 86400000)) }, "END_TOO_LATE", "grants[0].until"],
			[{ category: "gossip" }, "UNKNOWN_CATEGORY", "grants[0].category"],
			[{ receiverAgencyIds: ["nobody"] }, "UNKNOWN_AGENCY", "grants[0].receiver_agency_ids[0]"],
		];
		for (const [change, reason, field] of table) {
			const got = await refusal(consents.record(social.statement(pb.RecordConsentSchema, {
				consentId: randomUUID(), caseId: one.caseId, textVersion: "1", textLanguage: "sv", obtained: pb.Obtained.ORAL, obtainedAt: at(),
				grants: [{ ...good, ...change }],
			})));
			assert.deepEqual([got.code, got.reason, got.detail.field], ["InvalidArgument", reason, field]);
		}
	});
});

// One raw request on the agency port; keeps nothing.
function post(path, { method = "POST", body = "", headers = {}, agency = social, port = world.agencyPort, pieces } = {}) {
	return new Promise((resolve, reject) => {
		const options = {
			host: "localhost", port, method, path: path.startsWith("/") ? path : `/sluss.v1.${path}`, headers, agent: false,
			ca: readFileSync(world.ca), cert: readFileSync(agency.certificateFile), key: readFileSync(agency.keyFile),
		};
		const sent = request(options, (answer) => {
			const chunks = [];
			answer.on("data", (c) => chunks.push(c));
			answer.on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks) }));
		});
		sent.on("error", reject);
		for (const piece of pieces ?? [])
			sent.write(piece);
		sent.end(body);
	});
}

const jsonType = { "Content-Type": "application/json" };
const protoType = { "Content-Type": "application/proto" };

function assertError(answer, status, code) {
	assert.equal(answer.status, status);
	assert.match(answer.headers["content-type"], /^application\/json/);
	const error = JSON.parse(answer.body);
	assert.equal(error.code, code);
	return error;
}

describe("rules of the protocol", () => {
	test("unknown service, method and path: 404", async () => {
		for (const path of ["ExchangeService/Sendd", "NoService/Send", "/", "/sluss.v1.ExchangeService", "/favicon.ico", "/sluss.v1.ExchangeService/Send/more"])
			assertError(await post(path, { body: "{}", headers: jsonType }), 404, "unimplemented");
	});

	test("administration is not to be had here", async () => {
		assertError(await post("AdminService/GetHealth", { body: "{}", headers: jsonType }), 404, "unimplemented");
	});

	test("other verbs: 405 with Allow", async () => {
		for (const method of ["GET", "PUT", "DELETE", "OPTIONS"]) {
			const answer = await post("ExchangeService/Fetch", { method, headers: jsonType });
			assert.equal(answer.status, 405, method);
			assert.equal(answer.headers.allow, "POST", method);
		}
	});

	test("other codecs: 415 with Accept-Post", async () => {
		for (const type of ["text/plain", "application/grpc", "application/connect+proto", "application/jsonx", "multipart/form-data"]) {
			const answer = await post("ExchangeService/Fetch", { body: "x", headers: { "Content-Type": type } });
			assert.equal(answer.status, 415, type);
			assert.match(answer.headers["accept-post"], /application\/json/);
			assert.match(answer.headers["accept-post"], /application\/proto/);
		}
		assert.equal((await post("ExchangeService/Fetch", { body: "{}", headers: { "Content-Type": "application/json; charset=utf-8" } })).status, 200);
	});

	test("an encoding that is not known is refused", async () => {
		const answer = await post("ExchangeService/Fetch", { body: "{}", headers: { ...jsonType, "Content-Encoding": "br" } });
		assertError(answer, 501, "unimplemented");
		assert.match(answer.headers["accept-encoding"] ?? "gzip", /gzip/);
	});

	test("protocol version and time-out are looked at", async () => {
		assert.equal((await post("ExchangeService/Fetch", { body: "{}", headers: { ...jsonType, "Connect-Protocol-Version": "1" } })).status, 200);
		assertError(await post("ExchangeService/Fetch", { body: "{}", headers: { ...jsonType, "Connect-Protocol-Version": "2" } }), 400, "invalid_argument");
		for (const timeout of ["99999999999", "-1", "soon", ""])
			assertError(await post("ExchangeService/Fetch", { body: "{}", headers: { ...jsonType, "Connect-Timeout-Ms": timeout } }), 400, "invalid_argument");
		const start = Date.now();
		const late = await post("ExchangeService/Fetch", { body: '{"waitMs": 20000}', headers: { ...jsonType, "Connect-Timeout-Ms": "300" }, agency: probation });
		assert.ok(Date.now() - start < 5000);
		if (late.status !== 200)
			assertError(late, 504, "deadline_exceeded");
	});

	test("chunked bodies", async () => {
		const answer = await post("DirectoryService/GetAgency", { pieces: ['{"agency', 'Id": "so', 'c-1"}'], headers: jsonType });
		assert.equal(answer.status, 200);
		assert.equal(JSON.parse(answer.body).agency.agencyId, "soc-1");
	});

	test("unknown JSON fields and both spellings of names", async () => {
		for (const body of ['{"agencyId": "soc-1", "fromTheFuture": [1, {"a": null}]}', '{"agency_id": "soc-1"}'])
			assert.equal((await post("DirectoryService/GetAgency", { body, headers: jsonType })).status, 200);
	});

	test("JSON as protobuf-es reads and writes it", async () => {
		const answer = await post("CaseService/Get", { body: JSON.stringify({ caseId: one.caseId }), headers: jsonType });
		const text = JSON.parse(answer.body);
		const message = fromJson(pb.CaseGetResponseSchema, text);
		assert.deepEqual(toJson(pb.CaseGetResponseSchema, message), text);
		assert.equal(typeof text.case.openedIndex, "string");
		const binary = await post("CaseService/Get", { body: toBinary(pb.CaseGetRequestSchema, create(pb.CaseGetRequestSchema, { caseId: one.caseId })), headers: protoType });
		assert.deepEqual(fromBinary(pb.CaseGetResponseSchema, binary.body), message);
	});

	test("both base64 alphabets", async () => {
		const message = create(pb.SendRequestSchema, plan());
		const text = JSON.stringify(toJson(pb.SendRequestSchema, message));
		const url = text.replace(/"(envelope|signature|header|ciphertext|sealedKey)":"([^"]+)"/g,
			(_, name, value) => `"${name}":"${value.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}"`);
		assert.notEqual(url, text);
		assert.equal((await post("ExchangeService/Send", { body: url, headers: jsonType })).status, 200);
		assert.equal((await post("ExchangeService/Send", { body: text, headers: jsonType })).status, 200);
	});

	test("malformed octets", async () => {
		for (const [body, headers] of [["{", jsonType], ["[1]", jsonType], ['{"waitMs": "x"}', jsonType], ['{"waitMs": -1}', jsonType], ["\xff\xff", protoType], [Buffer.alloc(3), protoType]]) {
			const error = assertError(await post("ExchangeService/Fetch", { body, headers }), 400, "invalid_argument");
			assert.equal(error.details[0].type, "sluss.v1.Refusal");
			assert.ok(!error.details[0].value.endsWith("="));
			assert.equal(fromBinary(pb.RefusalSchema, Buffer.from(error.details[0].value, "base64")).reason, pb.ReasonCode.MALFORMED);
		}
	});

	test("a body beyond the limit", async () => {
		const error = assertError(await post("ExchangeService/Send", { body: Buffer.alloc(2 << 20), headers: protoType }), 429, "resource_exhausted");
		assert.equal(fromBinary(pb.RefusalSchema, Buffer.from(error.details[0].value, "base64")).reason, pb.ReasonCode.TOO_LARGE);
	});

	test("nothing is kept by caches or guessed", async () => {
		const { headers } = await post("ExchangeService/Fetch", { body: "{}", headers: jsonType });
		assert.match(headers["cache-control"] ?? "", /no-store/);
	});
});

function run(command, ...args) {
	const done = spawnSync(command, args, { encoding: "buffer", timeout: 60000 });
	return { status: done.status, out: done.stdout, err: done.stderr.toString() };
}

const url = (path) => `https://localhost:${world.agencyPort}/sluss.v1.${path}`;

describe("curl", () => {
	const tls = () => ["--silent", "--show-error", "--tlsv1.3", "--cacert", world.ca, "--cert", social.certificateFile, "--key", social.keyFile];
	const curl = (...args) => run("curl", ...tls(), ...args);

	test("JSON", () => {
		const { out } = curl("-H", "Content-Type: application/json", "-d", JSON.stringify({ caseId: one.caseId }), url("CaseService/Get"));
		assert.equal(JSON.parse(out).case.caseId, one.caseId);
	});

	test("binary, in chunks, answered compressed", () => {
		const file = join(social.folder, "send.bin");
		writeFileSync(file, toBinary(pb.SendRequestSchema, create(pb.SendRequestSchema, plan())));
		const { out, err } = curl("--compressed", "-H", "Content-Type: application/proto", "-H", "Transfer-Encoding: chunked", "--data-binary", `@${file}`, url("ExchangeService/Send"));
		assert.equal(fromBinary(pb.SendResponseSchema, out).pairs[0].reason, pb.ReasonCode.OK_CONSENT, err);
	});

	test("gzip", () => {
		const file = join(social.folder, "send.gz");
		writeFileSync(file, gzipSync(toBinary(pb.SendRequestSchema, create(pb.SendRequestSchema, plan()))));
		const { out } = curl("-H", "Content-Type: application/proto", "-H", "Content-Encoding: gzip", "--data-binary", `@${file}`, url("ExchangeService/Send"));
		assert.equal(fromBinary(pb.SendResponseSchema, out).pairs[0].reason, pb.ReasonCode.OK_CONSENT);
	});

	test("without a certificate, or below TLS 1.3: no entry", () => {
		assert.notEqual(run("curl", "--silent", "--cacert", world.ca, "-d", "{}", url("ExchangeService/Fetch")).status, 0);
		assert.notEqual(curl("--tls-max", "1.2", "-d", "{}", url("ExchangeService/Fetch")).status, 0);
	});
});

describe("buf curl", () => {
	const buf = (path, data) => run(world.buf, "curl", "--schema", world.proto, "--cacert", world.ca, "--cert", social.certificateFile, "--key", social.keyFile,
		"-d", JSON.stringify(data), url(path));

	test("asks", () => {
		const { status, out, err } = buf("CaseService/List", {});
		assert.equal(status, 0, err);
		assert.equal(JSON.parse(out).cases[0].caseId, one.caseId);
	});

	test("sends", () => {
		const { status, out, err } = buf("ExchangeService/Send", toJson(pb.SendRequestSchema, create(pb.SendRequestSchema, plan())));
		assert.equal(status, 0, err);
		assert.equal(JSON.parse(out).pairs[0].reason, "REASON_CODE_OK_CONSENT");
	});

	test("understands our errors", () => {
		const { status, err } = buf("CaseService/Get", { caseId: randomUUID() });
		assert.equal(status, 8 * Code.NotFound);
		assert.match(err, /not_found/);
		assert.match(err, /UNKNOWN_CASE/);
	});
});

// Last, because it ends the consent that the others stand on.
describe("withdrawal", () => {
	test("stops what it covers", async () => {
		const exchange = school.client(pb.ExchangeService);
		const waiting = attendance([police]);
		await exchange.send(waiting);
		const withdrawn = await social.client(pb.ConsentService).withdraw(social.statement(pb.WithdrawConsentSchema, {
			caseId: one.caseId, personId: one.personId, scope: { case: "category", value: "school_attendance" }, obtained: pb.Obtained.ORAL, receivedAt: at(),
		}));
		assert.equal(withdrawn.grantIds.length, 2);
		assert.ok(withdrawn.messagesWithheld >= 1);
		checkReceipt(withdrawn.receipt, social.verifierKey);
		assert.deepEqual((await police.client(pb.ExchangeService).fetch({ maxMessages: 64 })).deliveries, []);
		const status = await exchange.getStatus({ messageId: waiting.messageId });
		assert.deepEqual(status.recipients.map((r) => r.state), [pb.DeliveryState.WITHHELD]);
		const denied = await refusal(exchange.send(attendance([police])));
		assert.deepEqual([denied.code, denied.reason], ["PermissionDenied", "WITHDRAWN"]);
		const plans = await social.client(pb.ExchangeService).send(plan());
		assert.equal(plans.pairs[0].reason, pb.ReasonCode.OK_CONSENT);
	});
});
