# SPDX-License-Identifier: EUPL-1.2
# Puts text files into a program as they are: HEADER declares one static array with a final NUL for each NAME FILE pair.
function(sluss_embed header)
  set(out "// made by CMake\n")
  set(pairs ${ARGN})
  while(pairs)
    list(POP_FRONT pairs name file)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(READ ${file} hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," octets "${hex}")
    string(APPEND out "static const unsigned char ${name}[] = {${octets}0};\n")
  endwhile()
  file(GENERATE OUTPUT ${header} CONTENT "${out}")
endfunction()
