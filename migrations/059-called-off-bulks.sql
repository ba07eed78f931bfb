-- What was called off is swept until each of its lines is given back. One that stopped half way before is taken up again.
update closure_bulk set wake_at = ended_at where state = 'cancelled';
