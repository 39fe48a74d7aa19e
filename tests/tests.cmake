# What CTest runs beside the unit tests: house rules (label lint), fuzz targets briefly (fuzz-smoke), whole
# instances (e2e) and the crash test (crash). Python is Debian's, whatever stands first in PATH.
set(EKIDEN_PYTHON /usr/bin/python3)

if(EKIDEN_FUZZ)
  get_property(all_targets DIRECTORY ${CMAKE_SOURCE_DIR} PROPERTY BUILDSYSTEM_TARGETS)
  list(FILTER all_targets INCLUDE REGEX "_fuzz$")
  add_custom_target(fuzz_targets)
  if(all_targets)
    add_dependencies(fuzz_targets ${all_targets})
  endif()
endif()

if(EKIDEN_TESTS)
  file(GLOB rules CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/scripts/check-*)
  foreach(rule ${rules})
    get_filename_component(name ${rule} NAME)
    if(name STREQUAL "check-report")
      continue()
    endif()
    add_test(NAME lint.${name} COMMAND ${EKIDEN_PYTHON} ${rule} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(lint.${name} PROPERTIES LABELS lint TIMEOUT 300)
  endforeach()

  add_test(NAME fuzz-smoke COMMAND ${EKIDEN_PYTHON} scripts/fuzz --build --seconds 3 WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(fuzz-smoke PROPERTIES LABELS fuzz-smoke TIMEOUT 900 PROCESSORS 2)

  # What ./dev run --once shows, with the programs of this build.
  add_test(NAME e2e.story COMMAND ${EKIDEN_PYTHON} scripts/story --once WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(e2e.story PROPERTIES LABELS e2e TIMEOUT 300
    ENVIRONMENT "EKIDEN_BIN=${CMAKE_BINARY_DIR}/bin;PYTHONDONTWRITEBYTECODE=1")

  # What makes the states of the crash tests: the real queue and delivery under a tracer.
  file(GLOB lab CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/crash/lab/*.cc)
  add_executable(crashlab ${lab})
  ekiden_common(crashlab)
  target_link_libraries(crashlab PRIVATE manager_parts local_delivery_parts)
  set_target_properties(crashlab PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)

  # An end-to-end test is a folder tests/e2e/NN-name with a test.py; the crash tests and the count of instructions have
  # the same form. Each starts its own instances on free ports, so that several can run at once. Instructions were
  # accepted for the dev preset; other flags give other counts.
  set(kinds e2e crash)
  get_filename_component(preset ${CMAKE_BINARY_DIR} NAME)
  if(preset STREQUAL "dev")
    list(APPEND kinds cost)
  endif()
  foreach(kind ${kinds})
    file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${kind}/*/test.py)
    foreach(script ${scripts})
      get_filename_component(folder ${script} DIRECTORY)
      get_filename_component(name ${folder} NAME)
      add_test(NAME ${kind}.${name} COMMAND ${EKIDEN_PYTHON} ${script} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
      set_tests_properties(${kind}.${name} PROPERTIES LABELS ${kind} TIMEOUT 600 SKIP_RETURN_CODE 77
        ENVIRONMENT "EKIDEN_BIN=${CMAKE_BINARY_DIR}/bin;PYTHONPATH=${CMAKE_SOURCE_DIR}/tests/support;PYTHONDONTWRITEBYTECODE=1")
    endforeach()
  endforeach()

  # Those that measure how fast others are served run alone: what other tests take from the cores would be in their
  # figures. 26 keeps two cores busy until its 1,000 reloads are done, however long that takes.
  set_tests_properties(e2e.24-thousands e2e.40-slow-clients e2e.41-floods PROPERTIES RUN_SERIAL TRUE)
  set_tests_properties(e2e.26-reloads-under-load PROPERTIES PROCESSORS 2 TIMEOUT 900)
endif()
