"""Constrained decoding: regex and JSON Schema to compressed finite state machines, token masks, jump-forward.

The paper's section 4 and appendix B. Plain Python and NumPy: knows no torch, no scheduler and no tree. The way of a pattern::

    dialect -> regex_syntax -> terms -> nfa -> dfa (minimised) -> machine -> compressed_fsm
    json_schema ----------------^                                  |-> token_mask, jump_forward
"""
