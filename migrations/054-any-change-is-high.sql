-- Any change within the window makes a closure's risk high; what was between is high now.
update closure_case set risk = 'high' where risk = 'medium';
