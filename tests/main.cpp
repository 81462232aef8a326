// The program of all tests: every other file here adds its suite.
#define BOOST_TEST_MODULE oaksteel
#include <boost/test/unit_test.hpp>
