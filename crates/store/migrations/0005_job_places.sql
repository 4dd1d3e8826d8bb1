-- Where work goes, so that not too much of it goes to one place at once.

-- The host of the registry; NULL for work that goes nowhere.
ALTER TABLE jobs ADD COLUMN place TEXT;
