# SPDX-License-Identifier: EUPL-1.2
# Fuzz targets of agents/agentd.
sluss_fuzz_target(fuzz_agentd_describe SOURCES fuzz/fuzz_agentd_describe.c LIBS sluss_agentd)
