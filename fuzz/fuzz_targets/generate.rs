#![no_main]

butopea_fuzz::target!(butopea_generator::fuzzing::target);
