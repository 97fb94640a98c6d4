#![no_main]

butopea_fuzz::target!(butopea_runtime::fuzzing::sealed);
