# A folder of src/ is one static library, martgate_<folder>; its sources are every .cc in it.
# Warnings are errors everywhere in our own code.
add_library(martgate_options INTERFACE)
target_compile_options(martgate_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
  -fstack-protector-strong -D_GLIBCXX_ASSERTIONS)
target_include_directories(martgate_options INTERFACE "${PROJECT_SOURCE_DIR}/src")
if(MARTGATE_SANITIZE)
  target_compile_options(martgate_options INTERFACE
    -fsanitize=${MARTGATE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(martgate_options INTERFACE -fsanitize=${MARTGATE_SANITIZE})
endif()
if(MARTGATE_FUZZ)
  # Coverage for libFuzzer. Another compiler warns of other things, and the product is not built by it.
  target_compile_options(martgate_options INTERFACE -fsanitize=fuzzer-no-link -Wno-error)
endif()

# martgate_folder(json LINK martgate_base nlohmann_json::nlohmann_json)
function(martgate_folder name)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cc")
  add_library(martgate_${name} STATIC ${sources})
  target_link_libraries(martgate_${name} PUBLIC martgate_options ${arg_LINK})
endfunction()

# martgate_test_folder(json LINK martgate_json): tests/<folder>/*.cc is one doctest program.
function(martgate_test_folder name)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cc")
  add_executable(test_${name} ${sources} $<TARGET_OBJECTS:martgate_test_main>)
  target_link_libraries(test_${name} PRIVATE martgate_options doctest::doctest ${arg_LINK})
  target_include_directories(test_${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_compile_definitions(test_${name} PRIVATE MARTGATE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  add_test(NAME ${name} COMMAND test_${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 300)
endfunction()
