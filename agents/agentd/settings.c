// SPDX-License-Identifier: EUPL-1.2
// Every setting that sluss-agentd knows. A new one is one row here and one member in settings.h.
#include "settings.h"

#include "sluss/id.h"

#define AT(member) offsetof(struct agentd_settings, member)
#define MS SLUSS_SETTING_NUMBER

// clang-format off
static const struct sluss_setting table[] = {
	{"profile", SLUSS_SETTING_PATH, AT(profile), NULL, 0, 0, 0, "",
	    "The agency's folder with keys, certificate and address of the gateway, as `sluss agency enrol` made it."},
	{"state_dir", SLUSS_SETTING_PATH, AT(state_dir), "/var/lib/sluss-agentd", 0, 0, 0, "",
	    "Folder of the queue and of everything else that must survive. One agent at a time. Relative paths in other settings lie in it."},
	{"officer", SLUSS_SETTING_STRING, AT(officer), "", 0, 0, 0, "",
	    "Officer id under which the agent acknowledges, and sends what names no officer. Empty: the profile's. Two agents of one agency must have different ones: it is how each tells what the other has taken."},
	{"gateway_url", SLUSS_SETTING_STRING, AT(gateway_url), "", 0, 0, 0, "",
	    "Address of the gateway's agency port. Empty: the profile's."},

	{"socket", SLUSS_SETTING_PATH, AT(socket), "agent.sock", 0, 0, 0, "",
	    "Unix socket for case systems, mode 0600: whoever may open it acts for the agency."},
	{"listen", SLUSS_SETTING_ADDRESS, AT(listen), "", 0, 0, 0, "",
	    "Address of the same interface as HTTP, on loopback only (127.0.0.1:8440). Port 0 chooses a free one; state_dir/port says which. Empty: none."},
	{"token_file", SLUSS_SETTING_PATH, AT(token_file), "token", 0, 0, 0, "",
	    "File of mode 0600 with the bearer token that HTTP requests must carry; made when it is not there."},
	{"folder", SLUSS_SETTING_PATH, AT(folder), "", 0, 0, 0, "",
	    "Folder with outbox, inbox, sent and rejected, for systems that can only write files. Empty: none."},
	{"rescan_ms", MS, AT(rescan_ms), "10000", 50, 3600000, 0, "ms",
	    "How often the outbox is looked through beside the kernel's notices, which do not come from network folders."},
	{"settle_ms", MS, AT(settle_ms), "2000", 0, 3600000, 0, "ms",
	    "A file that was found by looking (not by a notice that it was closed or renamed) is taken when it did not change for this long."},

	{"senders", SLUSS_SETTING_NUMBER, AT(senders), "2", 1, 16, 0, "connections", "Connections that send."},
	{"receive", SLUSS_SETTING_BOOL, AT(receive), "true", 0, 0, 0, "",
	    "Fetch what waits for the agency. false: this agent only sends."},
	{"receive_for", SLUSS_SETTING_STRING, AT(receive_for), "", 0, 0, 0, "",
	    "Officer id: fetch only what is addressed to this officer, or to nobody in particular; the rest is left for the agency's other agents. Empty: everything."},
	{"acknowledge_when_handled", SLUSS_SETTING_BOOL, AT(acknowledge_when_handled), "false", 0, 0, 0, "",
	    "false: a message is acknowledged to the gateway once it is stored here, and handed to the case system after that. true: only once the case system has acknowledged it, so that its rejection reaches the sender; then no second agent may run for this agency."},
	{"queue_max", SLUSS_SETTING_NUMBER, AT(queue_max), "1000000", 1, 100000000, 0, "messages",
	    "Messages that may wait here to be sent; beyond it the case system is told to come again (429)."},
	{"inbox_max", SLUSS_SETTING_NUMBER, AT(inbox_max), "100000", 1, 100000000, 0, "messages",
	    "Messages that may wait here for the case system; beyond it they are left at the gateway."},
	{"store_max_mib", SLUSS_SETTING_NUMBER, AT(store_max_mib), "0", 0, 16777216, 0, "MiB",
	    "Largest size of the queue's database; when it is reached nothing more is taken and nothing that was taken is lost. 0: as much as the disk has."},
	{"fetch_wait_ms", MS, AT(fetch_wait_ms), "30000", 0, 60000, 0, "ms", "How long one question for new messages waits at the gateway."},
	{"timeout_ms", MS, AT(timeout_ms), "30000", 100, 600000, 0, "ms", "Longest time of one request to the gateway, beside a wait."},
	{"retry_first_ms", MS, AT(retry_first_ms), "500", 1, 3600000, 0, "ms",
	    "Upper bound of the first pause after a failure; it doubles with each further one. The pause itself is random from 0 to the bound."},
	{"retry_max_ms", MS, AT(retry_max_ms), "300000", 1, 86400000, 0, "ms", "Largest bound of a pause."},
	{"status_first_ms", MS, AT(status_first_ms), "2000", 10, 86400000, 0, "ms",
	    "After a message was accepted the gateway is asked what became of it; first after this time, then at doubling distances."},
	{"status_max_ms", MS, AT(status_max_ms), "600000", 10, 86400000, 0, "ms", "Largest distance of these questions."},
	{"recall_period_ms", MS, AT(recall_period_ms), "60000", 50, 86400000, 0, "ms",
	    "How often the gateway is asked for recalls. What the agent still holds of a recalled message it deletes at once."},
	{"keep_days", SLUSS_SETTING_NUMBER, AT(keep_days), "90", 1, 36500, 0, "days",
	    "How long the record of a finished message (never its content) is kept here."},

	{"witness_listen", SLUSS_SETTING_ADDRESS, AT(witness_listen), "", 0, 0, 0, "",
	    "Address where the agent is a witness of the gateway's log (C2SP tlog-witness, POST /add-checkpoint). Port 0 chooses a free one; state_dir/witness-port says which. Empty: it is none."},
	{"witness_name", SLUSS_SETTING_STRING, AT(witness_name), "", 0, 0, 0, "",
	    "Name of the witness's key. Empty: the agency's id, a dot and the log's origin."},

	{"demo_clock_file", SLUSS_SETTING_PATH, AT(demo_clock_file), "", 0, 0, 0, "",
	    "With a demo authority whose clock is stepped: a file with the time (RFC 3339) that statements are to carry. Empty: the system's clock."},
	{"sandbox", SLUSS_SETTING_SANDBOX, AT(sandbox), "auto", 0, 0, 0, "",
	    "auto: the process gives up new privileges, core dumps and being traced (the unit file in deploy/systemd shuts it in further). off: neither."},
};
// clang-format on

const struct sluss_settings_program agentd_settings_program = {
    "sluss-agentd", table, sizeof(table) / sizeof(table[0]), sizeof(struct agentd_settings)};

static bool is_loopback(const char *address)
{
	return strncmp(address, "127.", 4) == 0 || strncmp(address, "[::1]:", 6) == 0;
}

static const char *misfit(const struct agentd_settings *s)
{
	if (s->profile[0] != '/' || s->state_dir[0] != '/')
		return "profile and state_dir must be absolute paths";
	if (s->listen[0] != '\0' && !is_loopback(s->listen))
		return "listen must be a loopback address (127.0.0.1:8440 or [::1]:8440): the interface has no TLS";
	if (s->officer[0] != '\0' && !sluss_is_officer_id(s->officer, strlen(s->officer)))
		return "officer must be letters, digits, '.', '_' or '-', at most 32";
	if (s->receive_for[0] != '\0' && !sluss_is_officer_id(s->receive_for, strlen(s->receive_for)))
		return "receive_for must be an officer id: letters, digits, '.', '_' or '-', at most 32";
	if (s->retry_first_ms > s->retry_max_ms || s->status_first_ms > s->status_max_ms)
		return "retry_first_ms and status_first_ms must not be above retry_max_ms and status_max_ms";
	return NULL;
}

enum sluss_settings_result agentd_settings_load(
    const char *path, struct agentd_settings *settings_out, struct sluss_settings_error *error_out)
{
	enum sluss_settings_result result =
	    sluss_settings_rows_load(&agentd_settings_program, path, settings_out, error_out);
	if (result == SLUSS_SETTINGS_OK)
		result = sluss_settings_rows_complete(&agentd_settings_program, settings_out, error_out);
	const char *why = result == SLUSS_SETTINGS_OK ? misfit(settings_out) : NULL;
	return why == NULL ? result : sluss_settings_fail(error_out, SLUSS_SETTINGS_MISSING, "%s", why);
}

bool agentd_path(const struct agentd_settings *settings, const char *path, char *out, size_t room)
{
	int n =
	    path[0] == '/' ? snprintf(out, room, "%s", path) : snprintf(out, room, "%s/%s", settings->state_dir, path);
	return n > 0 && (size_t)n < room;
}
