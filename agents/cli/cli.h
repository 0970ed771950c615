// SPDX-License-Identifier: EUPL-1.2
// The command line's own parts: one command under way (struct cli), what runs through several commands of a batch (struct cli_session), and the table of verbs.
// One thread. Everything that a command allocates through cli_alloc or cli_own is freed when it ends.
#ifndef SLUSS_CLI_H
#define SLUSS_CLI_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <stdio.h>

#include "sluss/client.h"
#include "sluss/profile.h"

// Exit codes; sluss.1 documents them.
enum cli_exit {
	CLI_OK = 0,
	CLI_USAGE = 1,       // the command line or an input file is wrong; nothing was sent
	CLI_DENIED = 2,      // a decision said no, or we may not do that
	CLI_REFUSED = 3,     // malformed, unknown, replayed or out of time
	CLI_UNAVAILABLE = 4, // not reachable, busy, or it cannot tell now
	CLI_UNVERIFIED = 5,  // something does not hold: receipt, proof, signature, content
	CLI_INTERNAL = 6,
};

// ---- verbs and options

enum cli_kind {
	CLI_TEXT = 1, // --name VALUE, once
	CLI_MANY,     // --name VALUE, may be given again
	CLI_FLAG,     // --name
};

struct cli_option {
	const char *name; // without dashes; NULL ends the list
	enum cli_kind kind;
	const char *argument; // for the help
	const char *help;
};

struct cli;

struct cli_verb {
	const char *words;     // "case open"
	const char *arguments; // "ID PHASE", or "" (the number of words is the number of arguments; "[X]" is optional, "X..." takes all)
	const char *summary;
	const struct cli_option *options;
	enum cli_exit (*run)(struct cli *cli);
	const char *details; // further help, or NULL
};

// Every verb, each in the list of its file; NULL-terminated by words.
// cmd_send.c: what the gateway would decide about a message, without effect. Also `sluss policy explain` without a file.
enum cli_exit cli_evaluate(struct cli *cli);
extern const struct cli_option cli_evaluate_options[];

extern const struct cli_verb cli_agency_verbs[];
extern const struct cli_verb cli_case_verbs[];
extern const struct cli_verb cli_consent_verbs[];
extern const struct cli_verb cli_exchange_verbs[];
extern const struct cli_verb cli_fetch_verbs[];
extern const struct cli_verb cli_statute_verbs[];
extern const struct cli_verb cli_recall_verbs[];
extern const struct cli_verb cli_audit_verbs[];
extern const struct cli_verb cli_policy_verbs[];
extern const struct cli_verb cli_admin_verbs[];
extern const struct cli_verb cli_batch_verbs[];
extern const struct cli_verb cli_payload_verbs[];
extern const struct cli_verb cli_report_verbs[];
extern const struct cli_verb cli_convert_verbs[];

// Options that every verb has.
extern const struct cli_option cli_common_options[];

// ---- one command

enum { CLI_VALUES_MAX = 256, CLI_ARGUMENTS_MAX = 64, CLI_DEFAULT_PROFILE_MAX = 4096 };

struct cli_value {
	const struct cli_option *option;
	const char *text; // NULL for a flag
};

struct cli_owned {
	void *data;
	void (*release)(void *data);
};

struct cli_session;

struct cli {
	struct cli_session *session;
	const struct cli_verb *verb;
	struct cli_value values[CLI_VALUES_MAX];
	size_t value_count;
	const char *arguments[CLI_ARGUMENTS_MAX];
	size_t argument_count;
	bool json;      // results as JSON, no text
	FILE *out;      // text for people
	json_t *result; // what --json or a batch shows; owned
	json_t *error;  // why not; owned
	struct cli_owned *owned;
	size_t owned_count;
	size_t owned_room;
};

// args.c: takes words apart by the table. On anything but OK an error is set.
enum cli_exit cli_parse(struct cli *cli, int count, const char *const *words);
const char *cli_get(const struct cli *cli, const char *option); // NULL: not given
bool cli_has(const struct cli *cli, const char *option);
size_t cli_count(const struct cli *cli, const char *option);
const char *cli_nth(const struct cli *cli, const char *option, size_t n); // n < cli_count
// The value of an option that must be there; NULL and an error when it is not.
const char *cli_need(struct cli *cli, const char *option);
void cli_help(FILE *out, const struct cli_verb *verb); // NULL: all verbs
const struct cli_verb *cli_find_verb(size_t index);    // the n-th of all verbs, NULL behind the last

// memory.c: zeroed memory, copies, and things with a release function, until the command ends. They abort when memory is out: a command line has nothing better to do.
void *cli_alloc(struct cli *cli, size_t size);
char *cli_copy(struct cli *cli, const char *text, size_t len);
char *cli_format(struct cli *cli, const char *format, ...) SLUSS_PRINTF(2, 3);
void cli_own(struct cli *cli, void *data, void (*release)(void *data));
void cli_own_message(struct cli *cli, void *message); // an unpacked protobuf-c message
void cli_release(struct cli *cli, size_t mark);        // frees what was allocated since owned_count was `mark`
void cli_finish(struct cli *cli);                      // frees all

// ---- results (output.c)

// One line for people; nothing with --json. Control characters are shown as '?'.
void cli_say(struct cli *cli, const char *format, ...) SLUSS_PRINTF(2, 3);
// The result as ProtoJSON of a message, or a tree (taken over).
enum cli_exit cli_show(struct cli *cli, const ProtobufCMessage *message);
enum cli_exit cli_show_tree(struct cli *cli, json_t *tree);
// Says why not, once. `field` names the option or field, or "".
enum cli_exit cli_fail(struct cli *cli, enum cli_exit code, const char *field, const char *format, ...) SLUSS_PRINTF(4, 5);
// The same from the client's last error.
enum cli_exit cli_fail_client(struct cli *cli, const struct sluss_client *client);
// For people, on stderr.
void cli_print_error(const json_t *error, FILE *err);
void cli_print_pairs(struct cli *cli, Sluss__V1__PairDecision *const *pairs, size_t count);
void cli_print_receipt(struct cli *cli, const Sluss__V1__Receipt *receipt);
void cli_print_grants(struct cli *cli, Sluss__V1__Grant *const *grants, size_t count);

// progress.c: a bar on a terminal's stderr, with what is done a second and how long the rest will take; nothing elsewhere. total 0: clears the line.
void cli_progress(struct cli *cli, const char *what, uint64_t done, uint64_t total);
// Its text, when `since` of them were done `ms` ago; total > 0. Cut off where `size` is too small.
void cli_progress_line(char *line, size_t size, const char *what, uint64_t done, uint64_t total, uint64_t since, int64_t ms);

// ---- reading values (values.c); each sets an error that names `option`

bool cli_read_id(struct cli *cli, const char *option, const char *text, struct sluss_id *id_out);
const char *cli_check_id(struct cli *cli, const char *option, const char *text); // text itself, or NULL
bool cli_read_number(struct cli *cli, const char *option, const char *text, uint64_t max, uint64_t *value_out);
// "2026-01-31T12:00:00Z", with offset, with fractions; or "2026-01-31", which is midnight in Stockholm.
bool cli_parse_time(const char *text, int64_t *ms_out);
Google__Protobuf__Timestamp *cli_read_time(struct cli *cli, const char *option, const char *text);
// Local time with offset (Stockholm), for people.
const char *cli_time_text(struct cli *cli, const Google__Protobuf__Timestamp *time);
// Value of an enum by name: "police", "AGENCY_TYPE_POLICE", "AttendanceReport", in any case, with '-' or '_' or neither.
bool cli_read_enum(struct cli *cli, const char *option, const ProtobufCEnumDescriptor *type, const char *text, int *value_out);
// The other way, without prefix and in lower case: "police".
const char *cli_enum_text(struct cli *cli, const ProtobufCEnumDescriptor *type, int value);
// The whole file ("-": standard input); an error names it.
char *cli_read_file(struct cli *cli, const char *option, const char *path, size_t max, size_t *len_out);
// JSON (ProtoJSON) of a file or text as a message, owned by the command.
void *cli_read_message(struct cli *cli, const char *option, const char *text, size_t len, const ProtobufCMessageDescriptor *type);
// The statement's draft from --file, or a new empty one; its first six fields are empty and it may be stamped. NULL: an error was set.
void *cli_draft(struct cli *cli, const ProtobufCMessageDescriptor *type);
// Appends to a repeated field's pointer array that may be the message's own: copies into the command's memory.
void cli_append(struct cli *cli, void *list_field, size_t *count_field, void *item);

// spec.c: "key=value,key=value" with '\' before a comma that belongs to the value. *rest moves on; false at the end, or error set (check cli->error).
bool cli_spec_next(struct cli *cli, const char *option, char **rest, char **key_out, char **value_out);
// Parts of "a+b+c", copied; *count_out of them.
char **cli_split(struct cli *cli, const char *text, char separator, size_t *count_out);

// ---- session (session.c)

struct cli_session *cli_session_new(void);
void cli_session_free(struct cli_session **session);
void cli_session_set_now(struct cli_session *session, bool fixed, int64_t now_ms);
void cli_session_set_base(struct cli_session *session, const char *folder); // where short profile names are looked for
// The profile of this command (its folder), and a client with its officer, time and time-outs. NULL: error set.
const char *cli_profile_folder(struct cli *cli);
struct sluss_profile *cli_profile(struct cli *cli);
struct sluss_client *cli_client(struct cli *cli);
// Keys were changed: the client must be made anew.
void cli_session_forget(struct cli *cli);

// run.c: runs one command; sets result or error. `words` without the program's name.
enum cli_exit cli_run(struct cli *cli, int count, const char *const *words);

#endif
