"""Mails changed at random, by a seed, as nets, servers, senders and attackers change them."""
