#pragma once
// Plays a scenario on a stage, and says in the ledger what was promised to whom as soon as it was. May end at
// any instant by a signal; may meet a call that fails.
#include "tests/crash/lab/script.h"
#include "tests/crash/lab/stage.h"

namespace ekiden::crash {

// The whole script: messages, an operator's deeds, a stop and a new start in the middle. Only what is on hold
// is in the queue at its end.
void play(const Roots& roots, const Script& script, Ledger& ledger);

// What master does after a crash, and what an auditor wants to know of the result: opens the queue again,
// says what stands in it, lets all of it be delivered, says where the copies are and what is not as it should
// be.
void recover(const Roots& roots, const Script& script, Ledger& ledger);

}  // namespace ekiden::crash
