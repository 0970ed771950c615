# SPDX-License-Identifier: EUPL-1.2
# The one parser of the parent: settings files.
sluss_fuzz_target(fuzz_settings SOURCES fuzz/edge_settings_fuzz.c LIBS sluss_settings)
