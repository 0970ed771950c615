# SPDX-License-Identifier: EUPL-1.2
# Fuzz targets of policy/.
sluss_fuzz_target(fuzz_policy SOURCES fuzz/fuzz_policy.c LIBS sluss_policy_loader)
