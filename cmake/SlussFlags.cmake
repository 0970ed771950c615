# SPDX-License-Identifier: EUPL-1.2
# Warnings and hardening for our own code. Generated code links sluss_base_flags only.
add_library(sluss_base_flags INTERFACE)
target_compile_definitions(sluss_base_flags INTERFACE _GNU_SOURCE)
target_include_directories(sluss_base_flags INTERFACE ${CMAKE_SOURCE_DIR}/include)

set(hardening -fstack-protector-strong -fstack-clash-protection
  -ftrivial-auto-var-init=zero -fno-strict-overflow -fno-delete-null-pointer-checks)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|i.86")
  list(APPEND hardening -fcf-protection=full)
endif()
if(CMAKE_C_COMPILER_ID STREQUAL "Clang" AND CMAKE_C_COMPILER_VERSION VERSION_LESS 16)
  list(APPEND hardening -enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang)
endif()
target_compile_options(sluss_base_flags INTERFACE ${hardening})
if(NOT SLUSS_SANITIZE)
  target_compile_definitions(sluss_base_flags INTERFACE $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=3>)
endif()
target_link_options(sluss_base_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack
  $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-pie>)
if(SLUSS_SANITIZE)
  target_compile_options(sluss_base_flags INTERFACE -fsanitize=${SLUSS_SANITIZE} -fno-omit-frame-pointer -g)
  target_link_options(sluss_base_flags INTERFACE -fsanitize=${SLUSS_SANITIZE})
  if(SLUSS_SANITIZE MATCHES "undefined")
    target_compile_options(sluss_base_flags INTERFACE -fno-sanitize-recover=undefined)
  endif()
endif()
if(SLUSS_FUZZ)
  target_compile_options(sluss_base_flags INTERFACE -fsanitize=fuzzer-no-link,address,undefined
    -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g)
  target_link_options(sluss_base_flags INTERFACE -fsanitize=address,undefined)
endif()
if(SLUSS_COVERAGE)
  target_compile_options(sluss_base_flags INTERFACE --coverage -O0)
  target_link_options(sluss_base_flags INTERFACE --coverage)
endif()

add_library(sluss_flags INTERFACE)
target_link_libraries(sluss_flags INTERFACE sluss_base_flags)
target_compile_options(sluss_flags INTERFACE
  -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes
  -Wformat=2 -Wvla -Wswitch-enum -Wcast-qual -Wundef -Wnull-dereference
  $<$<BOOL:${SLUSS_WERROR}>:-Werror>)
