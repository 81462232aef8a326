#pragma once
// The messages of EP Figs. 30 and 31, and those around them. Each names its participants by typed ids (EP-30) and
// carries a head: who sent it, what led to it, which order it belongs to.

#include "actors/messages/ceremony.hpp"
#include "actors/messages/installation.hpp"
#include "actors/messages/registration.hpp"
#include "actors/messages/verification.hpp"

// Made from these and actors.hpp by cmake/message_instances.cmake.
#include "message_instances.hpp"
