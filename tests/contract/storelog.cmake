# SPDX-License-Identifier: EUPL-1.2
# One contract for every store.
if(SLUSS_TESTS)
  add_library(storelog_suite STATIC contract/storelog_suite.c contract/storelog_folder.c)
  target_include_directories(storelog_suite PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/contract)
  target_link_libraries(storelog_suite PUBLIC sluss_flags sluss_store sluss_store_fakes PkgConfig::CMOCKA PkgConfig::SODIUM)
endif()
sluss_unit_test(store_contract_test LABEL contract SOURCES contract/store_contract_test.c LIBS storelog_suite)
sluss_unit_test(store_fault_test LABEL contract SOURCES contract/store_fault_test.c LIBS storelog_suite sluss_log)
sluss_unit_test(store_sqlite_test LABEL contract SOURCES contract/store_sqlite_test.c contract/storelog_vfs.c
  LIBS storelog_suite sluss_log PkgConfig::SQLITE)
