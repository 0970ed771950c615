// SPDX-License-Identifier: EUPL-1.2
// One agent under way: what its threads share. Each thread has its own client of the gateway; what they know of each
// other goes through the store, and agentd_wake says that it has changed.
#ifndef SLUSS_AGENTD_AGENT_H
#define SLUSS_AGENTD_AGENT_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "settings.h"
#include "sluss/client.h"
#include "sluss/profile.h"
#include "store_files.h"

// How one kind of conversation with the gateway stands.
enum agentd_talk {
	AGENTD_TALK_SEND = 0,
	AGENTD_TALK_FETCH,
	AGENTD_TALK_TELL, // acknowledgements
	AGENTD_TALK_ASK,  // status and recalls
	AGENTD_TALKS,
};

struct agentd_link {
	unsigned failures; // in a row
	int64_t retry_ms;  // CLOCK_BOOTTIME: not before
	int64_t since_ms;  // wall clock: of the first failure
	char why[256];	   // "" when all is well
};

enum { AGENTD_KEY_FILES = 2 };

struct agentd {
	struct agentd_settings settings;
	struct sluss_profile *profile;
	struct stat key_files[AGENTD_KEY_FILES]; // as they were when the profile was read
	struct sluss_client_settings client;	 // for agentd_client
	char officer[SLUSS_OFFICER_MAX + 1];
	struct agentd_store *store;
	bool ready;	      // the next two were made
	pthread_mutex_t lock; // of all below
	pthread_cond_t changed;
	uint64_t generation; // counts agentd_wake
	bool stopping;
	bool anew;	      // stops only to begin anew: the keys were changed
	int64_t full_told_ms; // CLOCK_BOOTTIME: when the event log last heard that there is no room
	bool failed;	      // the store broke: the program ends with an error
	struct agentd_link links[AGENTD_TALKS];
	atomic_uint_fast64_t attempts; // Sends tried, for /metrics
	atomic_uint_fast64_t receipts_bad;
	atomic_uint_fast64_t erased; // messages whose content was called back; for the folder keeper
};

// agent.c. Opens profile and store; false: said in the event log.
SLUSS_MUST_CHECK bool agentd_open(struct agentd *agent, const struct agentd_settings *settings);
void agentd_close(struct agentd *agent);
// A client of the gateway for one thread. NULL: said in the event log.
SLUSS_MUST_CHECK struct sluss_client *agentd_client(struct agentd *agent);

int64_t agentd_boot_ms(void); // CLOCK_BOOTTIME

void agentd_wake(struct agentd *agent);
void agentd_stop(struct agentd *agent);
// Stops, and begins anew with the profile as it is now.
void agentd_stop_to_begin_anew(struct agentd *agent);
// Were the profile's keys replaced since they were read (sluss agency keys --rotate)? Any thread.
bool agentd_keys_changed(const struct agentd *agent);
bool agentd_stopping(struct agentd *agent);
uint64_t agentd_generation(struct agentd *agent);
// Until something changed since `seen`, `until_ms` (CLOCK_BOOTTIME) has come, or the agent stops.
void agentd_wait(struct agentd *agent, uint64_t seen, int64_t until_ms);

// False when the result is none of those that a running agent can go on after: then the agent stops.
bool agentd_store_good(struct agentd *agent, const char *what, enum agentd_result result);

// How long to pause after `failures` failures in a row: random from 0 to a bound that doubles (full jitter).
int64_t agentd_pause_ms(const struct agentd_settings *settings, unsigned failures);
// The link works / does not; the latter makes all that use it pause.
void agentd_link_up(struct agentd *agent, enum agentd_talk talk);
void agentd_link_down(struct agentd *agent, enum agentd_talk talk, const char *why);
// When it may be used again (0: now); a copy of how it stands.
int64_t agentd_link_retry_ms(struct agentd *agent, enum agentd_talk talk);
struct agentd_link agentd_link_look(struct agentd *agent, enum agentd_talk talk);
const char *agentd_talk_name(enum agentd_talk talk);

// Thread functions; `arg` is the agent. They end when it stops.
void *agentd_sender(void *arg);
void *agentd_receiver(void *arg);
void *agentd_teller(void *arg);
void *agentd_asker(void *arg);
void *agentd_folder_keeper(void *arg);

// uploads.c: how far the files of a message have come.
enum agentd_uploading {
	AGENTD_UPLOADING_NONE = 0,
	AGENTD_UPLOADED,	// the gateway has all of them
	AGENTD_UPLOAD_FAILED,	// the client's last error says why
	AGENTD_UPLOAD_NOT_KEPT, // the store could not (said)
};
struct agentd_attachments;
struct cli;
// Puts what the gateway does not have yet of the files of message `seq`; each step is durable before its octets leave.
// The draft gets a section for each, in the memory of the command.
SLUSS_MUST_CHECK enum agentd_uploading agentd_upload(struct agentd *agent, struct sluss_client *client, struct cli *cli,
    int64_t seq, const struct agentd_attachments *attachments, struct sluss_message_draft *draft);

// downloads.c: the files of a message that was opened.
enum agentd_downloading {
	AGENTD_DOWNLOADING_NONE = 0,
	AGENTD_DOWNLOADED,	  // all of them are in the spool, or there are none
	AGENTD_DOWNLOAD_LATER,	  // the client's last error says why; what came stays
	AGENTD_DOWNLOAD_GONE,	  // the gateway does not hand it out any more; what came is erased
	AGENTD_DOWNLOAD_BAD,	  // what the sender signed does not open
	AGENTD_DOWNLOAD_NOT_KEPT, // the store could not (said)
};
// Fetches what is not there yet, a chunk in memory at a time. `files_out` gets the header hash of each.
SLUSS_MUST_CHECK enum agentd_downloading agentd_download(struct agentd *agent, struct sluss_client *client,
    const struct sluss_id *id, const struct sluss_opened_message *message,
    uint8_t files_out[AGENTD_FILES_MAX][SLUSS_HASH_BYTES], size_t *count_out);

// The name under which file `place` of a message is handed out: ID.PLACE.bin.
void agentd_file_name(const char *message_id, uint32_t place, char name_out[SLUSS_ID_TEXT + 16]);

// asker.c: the agency's answer to a recall, signed and sent now. `ground` NULL: deleted. Result and error are the
// client's.
enum sluss_client_result agentd_attest(struct agentd *agent, struct sluss_client *client, const char *recall_id,
    const char *kept_ground, bool mark_answered, const char *mark_ground);

#endif
