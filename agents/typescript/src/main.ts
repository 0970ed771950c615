// SPDX-License-Identifier: EUPL-1.2
// The example as a program: settings in a JSON file, keys beside it.
//   node dist/src/main.js enrol settings.json TOKEN
//   node dist/src/main.js send settings.json CASE CONSENT TO[,TO] report.json      (an AttendanceReport)
//   node dist/src/main.js fetch settings.json
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fromJson, toJsonString } from "@bufbuild/protobuf";
import { MessageType } from "../gen/sluss/v1/common_pb.js";
import { AttendanceReportSchema } from "../gen/sluss/v1/payload_pb.js";
import { Agency, type Settings } from "./agency.js";
import { loadKeys, makeKeys, saveKeys } from "./keys.js";

function agency(path: string): Agency {
	const settings = JSON.parse(readFileSync(path, "utf8")) as Settings;
	const keys = join(settings.folder, "keys.json");
	if (!existsSync(keys))
		saveKeys(keys, makeKeys());
	return new Agency(settings, loadKeys(keys));
}

async function main(words: string[]): Promise<void> {
	const [verb, settings, ...rest] = words;
	if (verb === undefined || settings === undefined)
		throw new Error("enrol, send or fetch, and a settings file are needed");
	const us = agency(settings);
	if (verb === "enrol" && rest.length === 1) {
		console.log(await us.enrol(rest[0]!));
	} else if (verb === "send" && rest.length === 4) {
		const [caseId, consentId, to, file] = rest as [string, string, string, string];
		const { "@type": type, ...json } = JSON.parse(readFileSync(file, "utf8"));
		if (type !== undefined && type !== AttendanceReportSchema.typeName)
			throw new Error(`the file is a ${type}`);
		const content = fromJson(AttendanceReportSchema, json);
		const request = us.make(caseId, MessageType.ATTENDANCE_REPORT, await us.recipients(to.split(",")), [{ type: AttendanceReportSchema, content, consentIds: [consentId] }]);
		console.log((await us.send(request)).messageId);
	} else if (verb === "fetch" && rest.length === 0) {
		for (const taken of await us.fetch()) {
			for (const s of taken.sections)
				console.log(taken.envelope.messageId, s.header.category, toJsonString(s.type, s.content));
			for (const problem of taken.problems)
				console.error(taken.envelope.messageId, problem);
			await us.acknowledge(taken);
		}
	} else {
		throw new Error(`${verb}: wrong arguments`);
	}
}

await main(process.argv.slice(2));
