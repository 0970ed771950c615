// SPDX-License-Identifier: EUPL-1.2
// Makes an export of a log, or brings one up to date: fetches the log's files into a folder, and believes none of them
// before it has led to the signed root. What lies in the folder already and fits is not fetched again, so an export
// that was cut short goes on where it was. One thread.
#ifndef SLUSS_AGENTS_AUDIT_EXPORT_H
#define SLUSS_AGENTS_AUDIT_EXPORT_H

#include "sluss/types.h"

enum sluss_fetch {
	SLUSS_FETCH_NONE = 0,
	SLUSS_FETCH_OK,
	SLUSS_FETCH_ABSENT, // the log has no such file
	SLUSS_FETCH_FAILED, // could not be told; whoever fetches knows why
};

// Where files come from. The octets belong to the fetcher and are valid until its next call.
struct sluss_fetcher {
	void *context;
	enum sluss_fetch (*get)(void *context, const char *path, struct sluss_bytes *octets_out);
};

enum sluss_export_result {
	SLUSS_EXPORT_NONE = 0,
	SLUSS_EXPORT_OK,
	SLUSS_EXPORT_FETCH,	 // a file could not be fetched
	SLUSS_EXPORT_UNVERIFIED, // a file is not what the log signed, or the log is not what the folder says it was
	SLUSS_EXPORT_FOLDER,	 // the folder cannot be read or written
	SLUSS_EXPORT_NO_MEMORY,
};

struct sluss_export_options {
	const char *folder;  // made when it is not there
	const char *log_key; // verifier key
	void *context;
	void (*on_progress)(void *context, uint64_t done, uint64_t total); // may be NULL
};

struct sluss_export_report {
	uint64_t size;		// entries of the log
	uint64_t former_size;	// that the folder had
	uint64_t fetched, kept; // files
	char why[256];		// one English sentence when it is not OK
};

SLUSS_MUST_CHECK enum sluss_export_result sluss_audit_export(const struct sluss_fetcher *fetcher,
    const struct sluss_export_options *options, struct sluss_export_report *report_out);

#endif
