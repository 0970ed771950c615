// SPDX-License-Identifier: EUPL-1.2
#include "ipc/status.h"

const char *sluss_ipc_status_name(enum sluss_ipc_status status)
{
	switch (status) {
	case SLUSS_IPC_OK:
		return "ok";
	case SLUSS_IPC_AGAIN:
		return "again";
	case SLUSS_IPC_CLOSED:
		return "closed";
	case SLUSS_IPC_TOO_LARGE:
		return "too_large";
	case SLUSS_IPC_MALFORMED:
		return "malformed";
	case SLUSS_IPC_NO_MEMORY:
		return "no_memory";
	case SLUSS_IPC_BROKEN:
		return "broken";
	}
	return "unknown";
}
