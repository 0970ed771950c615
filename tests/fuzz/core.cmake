# SPDX-License-Identifier: EUPL-1.2
# Fuzz targets of core: requests as web hands them in, messages behind their signature.
sluss_fuzz_target(fuzz_core_request SOURCES fuzz/fuzz_core_request.c LIBS sluss_core)
sluss_fuzz_target(fuzz_core_message SOURCES fuzz/fuzz_core_message.c LIBS sluss_core)
sluss_fuzz_target(fuzz_core_oidc SOURCES fuzz/fuzz_core_oidc.c LIBS sluss_oidc)
