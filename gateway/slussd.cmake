# SPDX-License-Identifier: EUPL-1.2
# What all roles share (event log, settings, sandbox), the parent, and the program. Included by gateway/CMakeLists.txt.
add_library(sluss_event STATIC ${CMAKE_CURRENT_LIST_DIR}/log_event.c)
target_link_libraries(sluss_event PUBLIC sluss_flags)
target_include_directories(sluss_event PUBLIC ${CMAKE_CURRENT_LIST_DIR})

add_library(sluss_settings STATIC
  ${CMAKE_CURRENT_LIST_DIR}/settings.c
  ${CMAKE_CURRENT_LIST_DIR}/settings_table.c
  ${CMAKE_CURRENT_LIST_DIR}/settings_value.c
  ${CMAKE_CURRENT_LIST_DIR}/settings_print.c)
target_link_libraries(sluss_settings PUBLIC sluss_flags)
target_include_directories(sluss_settings PUBLIC ${CMAKE_CURRENT_LIST_DIR})

add_library(sluss_sandbox STATIC
  ${CMAKE_CURRENT_LIST_DIR}/sandbox.c
  ${CMAKE_CURRENT_LIST_DIR}/sandbox_landlock.c
  ${CMAKE_CURRENT_LIST_DIR}/sandbox_seccomp.c)
target_link_libraries(sluss_sandbox PUBLIC sluss_settings sluss_event PRIVATE PkgConfig::SECCOMP)

add_library(sluss_pki STATIC ${CMAKE_CURRENT_LIST_DIR}/init_pki.c)
target_link_libraries(sluss_pki PUBLIC sluss_flags OpenSSL::Crypto)
target_include_directories(sluss_pki PUBLIC ${CMAKE_CURRENT_LIST_DIR})
