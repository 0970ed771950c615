# SPDX-License-Identifier: EUPL-1.2
# One contract for every store.
if(SLUSS_TESTS)
  add_library(storelog_suite STATIC contract/storelog_suite.c contract/storelog_folder.c)
  target_include_directories(storelog_suite PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/contract)
  target_link_libraries(storelog_suite PUBLIC sluss_flags sluss_store sluss_store_fakes PkgConfig::CMOCKA PkgConfig::SODIUM)
endif()
sluss_unit_test(store_contract_test LABEL contract SOURCES contract/store_contract_test.c LIBS storelog_suite)
sluss_unit_test(store_fault_test LABEL contract SOURCES contract/store_fault_test.c LIBS storelog_suite sluss_log)
sluss_unit_test(store_sqlite_test LABEL contract TIMEOUT 600 SOURCES contract/store_sqlite_test.c contract/storelog_vfs.c
  LIBS storelog_suite sluss_log PkgConfig::SQLITE)

# A verifier that others wrote reads what we write: golang.org/x/mod/sumdb.
if(SLUSS_TESTS)
  add_executable(log_publish foreign/go/publish.c)
  target_link_libraries(log_publish PRIVATE sluss_flags sluss_log sluss_store_fakes PkgConfig::SODIUM)
  find_program(GO_PROGRAM go)
  if(GO_PROGRAM AND EXISTS /usr/share/gocode/src/golang.org/x/mod/sumdb/tlog)
    add_test(NAME foreign.go COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/foreign/go/run $<TARGET_FILE:log_publish>)
    set_tests_properties(foreign.go PROPERTIES LABELS foreign TIMEOUT 300)
    add_test(NAME foreign.go_live COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/foreign/go/live/run)
    set_tests_properties(foreign.go_live PROPERTIES LABELS foreign TIMEOUT 300 ENVIRONMENT "SLUSS_BUILD=${CMAKE_BINARY_DIR}")
  endif()
endif()
