# Headers that most units include, compiled once. gRPC and CLI11 are not among them: a unit that includes what it does not need pays for
# inline functions that are compiled again in each. Units still include what they use: a precompiled header saves time only
# (-DENTENTE_PRECOMPILED=OFF shows it). REUSE_FROM needs equal options: both are made with what every module is made with.
if(CCACHE)
  # What ccache needs to be told before it caches units that use a precompiled header (its manual, "Precompiled headers").
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()

set(ENTENTE_COMMON_HEADERS <algorithm> <array> <chrono> <filesystem> <fstream> <functional> <map> <memory> <mutex>
  <optional> <span> <string> <string_view> <thread> <utility> <vector>
  <absl/status/status.h> <absl/status/statusor.h> <absl/time/clock.h> <absl/time/time.h>)
set(ENTENTE_MESSAGE_HEADERS <google/protobuf/message.h> <google/protobuf/map_field_inl.h>
  <google/protobuf/unknown_field_set.h> <google/protobuf/generated_message_reflection.h>
  <google/protobuf/wire_format_lite.h> <google/protobuf/descriptor.h>)

# What only runs once is compiled quickly; the modules under test are compiled as they ship.
set(ENTENTE_TEST_OPTIONS $<$<CONFIG:Release>:-O1> $<$<CONFIG:Debug>:-O0>)

# entente_precompiled(NAME x HEADERS ... LIBS ...) makes entente_precompiled_x for REUSE_FROM.
function(entente_precompiled)
  cmake_parse_arguments(P "" "NAME" "HEADERS;LIBS" ${ARGN})
  file(WRITE ${PROJECT_BINARY_DIR}/precompiled/${P_NAME}.cc "")
  add_library(entente_precompiled_${P_NAME} OBJECT ${PROJECT_BINARY_DIR}/precompiled/${P_NAME}.cc)
  target_link_libraries(entente_precompiled_${P_NAME} PRIVATE ${P_LIBS} Threads::Threads entente_flags)
  target_compile_options(entente_precompiled_${P_NAME} PRIVATE -fpch-preprocess)
  target_precompile_headers(entente_precompiled_${P_NAME} PRIVATE ${P_HEADERS})
endfunction()

# The target is compiled with entente_precompiled_<name>. GCC 12 sees overflows in libstdc++'s own operator+ (GCC bugs
# 105651, 105329) and counts a precompiled libstdc++ as ours; a build without precompiled headers keeps these warnings.
set(ENTENTE_PRECOMPILED_OPTIONS -fpch-preprocess
  $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread>)
function(entente_use_precompiled TARGET NAME)
  if(NOT ENTENTE_PRECOMPILED)
    return()
  endif()
  target_compile_options(${TARGET} PRIVATE ${ENTENTE_PRECOMPILED_OPTIONS})
  target_precompile_headers(${TARGET} REUSE_FROM entente_precompiled_${NAME})
endfunction()

if(ENTENTE_PRECOMPILED)
  entente_precompiled(NAME module HEADERS ${ENTENTE_COMMON_HEADERS} ${ENTENTE_MESSAGE_HEADERS})
endif()
if(ENTENTE_PRECOMPILED AND ENTENTE_TESTS)
  entente_precompiled(NAME test HEADERS ${ENTENTE_COMMON_HEADERS} ${ENTENTE_MESSAGE_HEADERS} <gtest/gtest.h>
    LIBS GTest::gtest GTest::gtest_main)
  # As CMake compiles executables.
  set_target_properties(entente_precompiled_test PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(entente_precompiled_test PRIVATE -fPIE ${ENTENTE_TEST_OPTIONS})
endif()
