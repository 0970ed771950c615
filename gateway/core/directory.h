// SPDX-License-Identifier: EUPL-1.2
// The directory: agencies, their keys and certificates, a fold over the log's records 10 to 14. Nothing is ever
// forgotten: an old message stays verifiable.
//
// Threads: the writer applies; any thread may look up (a lock inside). Answers are copies. What a worker finds may be
// speculative (of a batch that is not committed yet): the writer asks again before it believes.
#ifndef SLUSS_CORE_DIRECTORY_H
#define SLUSS_CORE_DIRECTORY_H

#include "policy/record.h"
#include "sluss/types.h"

struct sluss_directory;

SLUSS_MUST_CHECK struct sluss_directory *sluss_directory_new(void);
void sluss_directory_free(struct sluss_directory **directory);
// Replaces what `directory` knows by what `from` knows, in one step for those who look up, and empties `from`: after
// the log was folded again.
void sluss_directory_replace(struct sluss_directory *directory, struct sluss_directory *from);

// Folds a record in; records of other types do nothing. `index` is the record's place in the log. False: no memory, or
// the record contradicts the directory (an agency enrolled twice, a key or certificate that somebody has already): then
// nothing was changed.
SLUSS_MUST_CHECK bool sluss_directory_apply(
    struct sluss_directory *directory, const struct sluss_record *record, uint64_t index);
// Whether apply would refuse this record.
SLUSS_MUST_CHECK bool sluss_directory_accepts(
    const struct sluss_directory *directory, const struct sluss_record *record);

// One binding of signing key, sealing key and certificate.
struct sluss_agency_keys {
	uint8_t sign_key[32];
	uint8_t seal_key[32];
	uint8_t certificate[SLUSS_HASH_BYTES];
	char sign_key_id[SLUSS_KEY_ID_TEXT];
	char seal_key_id[SLUSS_KEY_ID_TEXT];
	int64_t from_ms;
	int64_t until_ms; // the signing key's end; INT64_MAX while it stands
	int64_t
	    certificate_until_ms; // the certificate's, when a rotation brought another one; INT64_MAX while it stands
	bool sign_revoked;
	bool certificate_revoked;
	uint64_t index; // of the record
};

enum { SLUSS_AGENCY_KEYS_MAX = 64 }; // bindings of one agency over its time

struct sluss_agency_view {
	char agency[SLUSS_AGENCY_MAX + 1];
	enum sluss_agency_type type;
	bool left;
	size_t key_count; // newest last
};

// False: no such agency.
SLUSS_MUST_CHECK bool sluss_directory_agency(
    const struct sluss_directory *directory, const char *agency, struct sluss_agency_view *view_out);
// The agency at a position (in order of enrolment); false past the end.
SLUSS_MUST_CHECK bool sluss_directory_at(
    const struct sluss_directory *directory, size_t position, struct sluss_agency_view *view_out);
// Its n-th binding, oldest first; false past the end.
SLUSS_MUST_CHECK bool sluss_directory_keys(
    const struct sluss_directory *directory, const char *agency, size_t position, struct sluss_agency_keys *keys_out);

// A signing key by its id.
struct sluss_signer {
	char agency[SLUSS_AGENCY_MAX + 1];
	uint8_t sign_key[32];
	int64_t from_ms, until_ms; // may sign in [from, until)
	bool revoked;		   // or the agency has left
};
SLUSS_MUST_CHECK bool sluss_directory_signer(
    const struct sluss_directory *directory, const char *key_id, struct sluss_signer *signer_out);

// Whose certificate is it at this time? False: nobody's, revoked, followed by another one for longer than the overlap,
// or the agency has left. INT64_MIN: whatever the time; who asks so asks again.
SLUSS_MUST_CHECK bool sluss_directory_certificate(const struct sluss_directory *directory,
    const uint8_t fingerprint[SLUSS_HASH_BYTES], int64_t now_ms, char agency_out[SLUSS_AGENCY_MAX + 1],
    enum sluss_agency_type *type_out);

// Calls `each` with every certificate that is not accepted any more: what edge has to refuse.
void sluss_directory_each_revoked(const struct sluss_directory *directory,
    void (*each)(void *context, const uint8_t fingerprint[SLUSS_HASH_BYTES]), void *context);

#endif
