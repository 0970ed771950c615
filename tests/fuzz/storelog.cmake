# SPDX-License-Identifier: EUPL-1.2
# The log's parsers.
sluss_fuzz_target(fuzz_log_note SOURCES fuzz/fuzz_log_note.c LIBS sluss_log_verify PkgConfig::SODIUM)
sluss_fuzz_target(fuzz_log_proof SOURCES fuzz/fuzz_log_proof.c LIBS sluss_log_verify PkgConfig::SODIUM)
sluss_fuzz_target(fuzz_log_tile SOURCES fuzz/fuzz_log_tile.c LIBS sluss_log_verify)
sluss_fuzz_target(fuzz_log_record SOURCES fuzz/fuzz_log_record.c LIBS sluss_log_record)
