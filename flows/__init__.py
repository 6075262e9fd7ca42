"""When and in which order the stages run; nothing here looks at data."""
