// SPDX-License-Identifier: EUPL-1.2
#include "manual.h"

#include "settings.h"

static const char before[] =
    ".TH SLUSSD 8 \"\" \"Sluss " SLUSS_VERSION "\" \"System administration\"\n"
    ".SH NAME\n"
    "slussd \\- consent\\-gated messaging gateway for agencies\n"
    ".SH SYNOPSIS\n"
    ".B slussd\n[\\fB\\-\\-config\\fR \\fIFILE\\fR] [\\fB\\-\\-accept\\-rollback\\fR]\n.br\n"
    ".B slussd \\-\\-init \\-\\-authority\n\\fINAME\\fR \\fB\\-\\-state\\fR \\fIDIR\\fR [\\fIoptions\\fR]\n.br\n"
    ".B slussd \\-\\-check\\-config\n[\\fB\\-\\-config\\fR \\fIFILE\\fR]\n.br\n"
    ".B slussd \\-\\-print\\-sample\\-config\n|\n.B \\-\\-print\\-manual\n|\n.B \\-\\-version\n|\n.B \\-\\-help\n"
    ".SH DESCRIPTION\n"
    "slussd relays signed, sealed messages between agencies and lets nothing pass that the person concerned has not "
    "agreed to or the law does not\n"
    "permit. It runs as four processes: a parent, which opens sockets and key files and restarts what dies; "
    "\\fIedge\\fR, which speaks TLS; \\fIweb\\fR,\n"
    "which speaks HTTP; and \\fIcore\\fR, which decides, logs and stores. Where the settings name witnesses or a "
    "time\\-stamping authority there is a fifth,\n"
    "\\fIcourier\\fR, and where they name identity providers a sixth, \\fIidp\\fR: the only ones that speak outwards, "
    "each only to its own URLs that stand there. Each has its own "
    "sandbox; the event log says "
    "at start what is active.\n"
    ".SH OPTIONS\n"
    ".TP\n.BI \\-\\-config \" FILE\"\nSettings file, /etc/sluss/slussd.conf when not given.\n"
    ".TP\n.B \\-\\-accept\\-rollback\nStarts although the database is not what this log signed last, as "
    "\\fIsecondary_head_file\\fR or a witness says: an older copy, or\n"
    "another history. For the one start after a database was lost and an older one had to be put back. The log then "
    "says so in a record of its own\n"
    "(LogRestored). It mends nothing that was released: whoever saw the other entries, by a receipt, a witness or an "
    "export, can still prove that they are missing.\n"
    ".TP\n.B \\-\\-init\nMakes keys, certificates, folders and a settings file for a new authority. Overwrites "
    "nothing.\n"
    "\\fBslussd \\-\\-init \\-\\-help\\fR lists its options.\n"
    ".TP\n.B \\-\\-check\\-config\nReads the settings file and says what is wrong with it, with file and line.\n"
    ".TP\n.B \\-\\-print\\-sample\\-config\nA settings file with every key, its meaning and its default.\n"
    ".TP\n.B \\-\\-print\\-manual\nThis page.\n";

static const char after[] =
    ".SH SIGNALS\n"
    ".TP\n.B SIGTERM, SIGINT\nStops in order: answers under way go out, then everything ends.\n"
    ".TP\n.B SIGHUP\nReads certificates and the revocation list anew and starts web and edge again. Connections are "
    "cut; clients connect again.\n"
    ".SH FILES\n"
    "In state_dir: \\fIdb/\\fR is core's store; \\fIkeys/\\fR what \\-\\-init made; \\fIports\\fR the ports in use; "
    "\\fIpids\\fR the process ids;\n"
    "\\fIadmin.sock\\fR the administrator's socket; \\fIlog.vkey\\fR the key that verifiers of the log need.\n"
    ".SH EXIT STATUS\n"
    "0: stopped in order. 1: could not start or go on, the event log says why and what to do. 2: wrong use or wrong "
    "settings.\n"
    ".SH EVENTS\n"
    "One line an event on standard error (the journal under systemd): a name and key=value pairs. Never payload, names "
    "of persons or secrets.\n"
    "SLUSS_DEBUG=1 in the environment adds events for debugging.\n"
    ".SH SEE ALSO\n"
    ".BR sluss (1)\n";

bool sluss_manual_print(FILE *out)
{
	return fputs(before, out) >= 0 && sluss_settings_print_manual(out) && fputs(after, out) >= 0;
}
