#pragma once
// What a scenario file may say: the keys of its tables, their forms and ranges, and what refers to what.

#include "node/document.hpp"
#include "scenarios/script.hpp"

namespace oaksteel {

/// The scenario that a document describes, or its first mistake; the error's `file` is left empty.
expected<script, text_error> read_script(const setting& document);

} // namespace oaksteel
