# SPDX-License-Identifier: EUPL-1.2
# Unit tests of the log and of parts of the store.
sluss_unit_test(log_tree_test SOURCES unit/log_tree_test.c LIBS sluss_log_tree)
sluss_unit_test(log_formats_test SOURCES unit/log_formats_test.c LIBS sluss_log_verify PkgConfig::SODIUM)
sluss_unit_test(log_record_test SOURCES unit/log_record_test.c LIBS sluss_log_record sluss_proto)
sluss_unit_test(store_map_test SOURCES unit/store_map_test.c LIBS sluss_store_fakes PkgConfig::SODIUM)
